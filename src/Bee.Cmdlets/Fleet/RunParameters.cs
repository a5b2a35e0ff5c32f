namespace Bee.Cmdlets.Fleet;

/// <summary>The parameters of a run on another host, besides those of its session.</summary>
internal sealed record RunParameters
{
    /// <summary>The name of the parameter with the record types.</summary>
    public const string RecordType = "RecordType";

    /// <summary>How long the run lasts; null for no limit.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>The number of events to send; 0 for no limit.</summary>
    public long MaxEvents { get; init; }

    /// <summary>The largest share of the time of all online CPUs; null for no limit.</summary>
    public double? MaxOverhead { get; init; }
}

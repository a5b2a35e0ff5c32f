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

    /// <summary>Names of containers that the tool is limited to; null for no limit.</summary>
    public string[]? Container { get; init; }

    /// <summary>Names of pods that the tool is limited to; null for no limit.</summary>
    public string[]? Pod { get; init; }

    /// <summary>Namespaces of Kubernetes that the tool is limited to; null for no limit.</summary>
    public string[]? Namespace { get; init; }

    /// <summary>Whether the host's Kubernetes API is asked for the owners and labels of pods.</summary>
    public bool PodMetadata { get; init; }

    /// <summary>Whether containers are not looked up.</summary>
    public bool NoContainer { get; init; }
}

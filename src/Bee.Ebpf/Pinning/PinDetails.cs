namespace Bee.Ebpf;

/// <summary>What is kept with pins for whoever finds them.</summary>
public sealed record PinDetails
{
    /// <summary>What to call the program.</summary>
    public required string Name { get; init; }

    /// <summary>Where it came from: an image's reference, or a file's path.</summary>
    public required string Origin { get; init; }

    /// <summary>When it was attached, in universal time.</summary>
    public required DateTime Started { get; init; }

    /// <summary>The names of the maps that stream.</summary>
    public IReadOnlyList<string> Streams { get; init; } = [];

    /// <summary>How often maps that are no event streams are read.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether iterators run again at every interval.</summary>
    public bool RepeatIterators { get; init; }

    /// <summary>Whether every entry of the polled maps is given at every interval.</summary>
    public bool AllEntries { get; init; }
}

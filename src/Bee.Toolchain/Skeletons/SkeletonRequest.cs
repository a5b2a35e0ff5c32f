namespace Bee.Toolchain.Skeletons;

/// <summary>What a skeleton shall do.</summary>
internal sealed record SkeletonRequest
{
    /// <summary>The program's name. What C does not take in a name becomes an underscore.</summary>
    public required string Name { get; init; }

    /// <summary>The name of the file that it goes to, for the comment on how to run it.</summary>
    public required string FileName { get; init; }

    /// <summary>One of <see cref="ProgramSkeleton.Kinds"/>, in any case.</summary>
    public string Kind { get; init; } = "tracepoint";

    /// <summary>Where it puts what it sees. Null takes what suits the output.</summary>
    public SkeletonMapType? MapType { get; init; }

    /// <summary>What becomes of it.</summary>
    public SkeletonOutput Output { get; init; }

    /// <summary>What to attach to, in the form of the kind's section. Null takes something that every machine has.</summary>
    public string? AttachTo { get; init; }

    /// <summary>Receives a warning if the skeleton lacks what this user may not read; may be null.</summary>
    public Action<string>? Warn { get; init; }
}

/// <summary>Where a skeleton's program puts what it sees.</summary>
public enum SkeletonMapType
{
    /// <summary>A ring buffer: one event for each time, in the order of all CPUs.</summary>
    RingBuffer,
    /// <summary>A perf buffer: one event for each time, a buffer for each CPU.</summary>
    PerfBuffer,
    /// <summary>A hash map: one entry for each key.</summary>
    Hash,
    /// <summary>An array: numbered slots that are there from the start.</summary>
    Array,
}

/// <summary>What becomes of what a skeleton's program reports; each is the prefix of a map's name.</summary>
public enum SkeletonOutput
{
    /// <summary><c>print_</c>: to be read by people.</summary>
    Print,
    /// <summary><c>counter_</c>: numbers that only grow.</summary>
    Counter,
    /// <summary><c>gauge_</c>: numbers that go up and down.</summary>
    Gauge,
    /// <summary><c>hist_</c>: how values are spread.</summary>
    Histogram,
}

/// <summary>Names for C.</summary>
internal static class SkeletonName
{
    // A map's name is cut by the kernel, not by Bee; but names of functions in C have an end somewhere.
    private const int Longest = 40;

    /// <summary>The nearest name that C takes.</summary>
    public static string Of(string name)
    {
        string made = string.Concat(name.Take(Longest).Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));
        return made.Length == 0 || char.IsAsciiDigit(made[0]) ? $"_{made}" : made;
    }
}

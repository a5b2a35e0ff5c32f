namespace Bee.Toolchain.Skeletons;

/// <summary>The properties of a skeleton.</summary>
internal sealed record SkeletonRequest
{
    /// <summary>The name of the tool. Characters that C names cannot contain become underscores.</summary>
    public required string Name { get; init; }

    /// <summary>The name of its file, for the comment on how to run it.</summary>
    public required string FileName { get; init; }

    /// <summary>One of <see cref="ProgramSkeleton.Kinds"/>, case-insensitive.</summary>
    public string Kind { get; init; } = "tracepoint";

    /// <summary>The map that receives the data. Null selects one that suits the output.</summary>
    public SkeletonMapType? MapType { get; init; }

    /// <summary>The use of the data.</summary>
    public SkeletonOutput Output { get; init; }

    /// <summary>The attach target, in the syntax of the kind's section. Null selects one that exists on every machine.</summary>
    public string? AttachTo { get; init; }

    /// <summary>Receives a warning if the skeleton lacks data that this user may not read; may be null.</summary>
    public Action<string>? Warn { get; init; }
}

/// <summary>The map that receives the data of a skeleton's program.</summary>
public enum SkeletonMapType
{
    /// <summary>A ring buffer: one event for each call, in order across all CPUs.</summary>
    RingBuffer,
    /// <summary>A perf buffer: one event for each call, with one buffer per CPU.</summary>
    PerfBuffer,
    /// <summary>A hash map: one entry per key.</summary>
    Hash,
    /// <summary>An array: numbered slots that always exist.</summary>
    Array,
}

/// <summary>The use of the data that a skeleton's program reports; each is a prefix of a map's name.</summary>
public enum SkeletonOutput
{
    /// <summary><c>print_</c>: events to show.</summary>
    Print,
    /// <summary><c>counter_</c>: numbers that only increase.</summary>
    Counter,
    /// <summary><c>gauge_</c>: numbers that increase and decrease.</summary>
    Gauge,
    /// <summary><c>hist_</c>: the distribution of values.</summary>
    Histogram,
}

/// <summary>Converts names to valid C identifiers.</summary>
internal static class SkeletonName
{
    // The kernel truncates the names of maps itself, but C function names should have a limit.
    private const int Longest = 40;

    /// <summary>Returns the most similar valid C name.</summary>
    public static string Of(string name)
    {
        string made = string.Concat(name.Take(Longest).Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));
        return made.Length == 0 || char.IsAsciiDigit(made[0]) ? $"_{made}" : made;
    }
}

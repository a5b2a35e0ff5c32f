using Bee.Ebpf.Objects;

namespace Bee.Toolchain;

/// <summary>Words that a skeleton says of itself.</summary>
internal static class SkeletonWords
{
    /// <summary>The prefix of a map's name.</summary>
    public static string Prefix(SkeletonOutput output) => output switch
    {
        SkeletonOutput.Counter => "counter",
        SkeletonOutput.Gauge => "gauge",
        SkeletonOutput.Histogram => "hist",
        _ => "print",
    };

    /// <summary>What it gives, in a sentence.</summary>
    public static string About(SkeletonOutput output, SkeletonMapType? map) => (output, map) switch
    {
        (_, null) => "a record for each of the kernel's objects.",
        (SkeletonOutput.Print, SkeletonMapType.RingBuffer or SkeletonMapType.PerfBuffer) => "an event for each time.",
        (SkeletonOutput.Print, SkeletonMapType.Array) => "what was last seen on each CPU.",
        (SkeletonOutput.Print, _) => "what was last seen, for each combination of labels.",
        (SkeletonOutput.Counter, SkeletonMapType.RingBuffer or SkeletonMapType.PerfBuffer) => "an event for each time, counted by its labels.",
        (SkeletonOutput.Counter, SkeletonMapType.Array) => "how many times, for each CPU.",
        (SkeletonOutput.Counter, _) => "how many times, for each combination of labels.",
        (SkeletonOutput.Gauge, SkeletonMapType.Array) => "the last value on each CPU.",
        (SkeletonOutput.Gauge, _) => "the last value, for each combination of labels.",
        (_, SkeletonMapType.Hash) => "how values are spread, for each combination of labels; counted in the kernel.",
        (_, SkeletonMapType.Array) => "how values are spread; counted in the kernel.",
        _ => "how values are spread; each is handed over as an event.",
    };

    /// <summary>What a run must be told where, for the line that shows how to run it.</summary>
    public static string Place(ProgramKind kind)
        => kind.NeedsInterface ? Arguments("interface") : kind.NeedsCgroup ? Arguments("cgroup") : kind.NeedsNetworkNamespace ? Arguments("namespace") : string.Empty;

    private static string Arguments(string place) => string.Concat(SkeletonPiece.Read("program").Part("arguments", place));
}

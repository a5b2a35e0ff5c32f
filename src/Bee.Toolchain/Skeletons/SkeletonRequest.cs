namespace Bee.Toolchain;

/// <summary>What a skeleton shall do.</summary>
public sealed record SkeletonRequest
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
}

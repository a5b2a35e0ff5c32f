namespace Bee.Ebpf;

/// <summary>How a question about an object and a kernel came out.</summary>
public enum CompatibilityState
{
    /// <summary>The kernel has what the object needs.</summary>
    Ok,

    /// <summary>It will run, but not as it may be meant to; or it depends on the parameters.</summary>
    Warning,

    /// <summary>The kernel lacks what the object needs: loading or attaching will fail.</summary>
    Failed,

    /// <summary>Nobody can tell from here.</summary>
    Unknown,
}

/// <summary>What was found out about an object and a kernel.</summary>
/// <param name="Check">What was asked, one word: <c>Relocations</c>, <c>Helpers</c>, <c>KernelFunctions</c>, <c>KernelVariables</c>, <c>KernelSettings</c>, <c>ProgramTypes</c>, <c>MapTypes</c>, <c>AttachTargets</c>, <c>License</c> or <c>Memory</c>.</param>
/// <param name="State">How it came out.</param>
/// <param name="Message">What was found, as a sentence.</param>
public sealed record CompatibilityFinding(string Check, CompatibilityState State, string Message)
{
    /// <summary>What to do about it, or null.</summary>
    public string? Remedy { get; init; }

    /// <summary>What the finding is about: a program, a map, a type's member; null for the object as a whole.</summary>
    public string? Target { get; init; }
}

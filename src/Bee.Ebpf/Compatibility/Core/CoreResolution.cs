namespace Bee.Ebpf;

/// <summary>What becomes of a relocation on a kernel.</summary>
internal enum CoreState
{
    /// <summary>The instruction gets its number.</summary>
    Resolved,

    /// <summary>The kernel lacks it: the loader puts an invalid instruction there, which is refused where a program can come to it.</summary>
    Missing,

    /// <summary>The loader gives up the whole object.</summary>
    Refused,
}

/// <summary>A relocation and what becomes of it.</summary>
/// <param name="Relocation">The relocation.</param>
/// <param name="State">What becomes of it.</param>
internal sealed record CoreResolution(CoreRelocation Relocation, CoreState State)
{
    /// <summary>What it means in the program's own types; null where its path leads nowhere.</summary>
    public CoreSpec? Local { get; init; }

    /// <summary>What it means on the kernel, where it is there.</summary>
    public CoreSpec? Target { get; init; }

    /// <summary>The number that the compiler put into the instruction.</summary>
    public ulong LocalValue { get; init; }

    /// <summary>The number that the loader puts there.</summary>
    public ulong TargetValue { get; init; }

    /// <summary>Why there is none.</summary>
    public string? Reason { get; init; }

    /// <summary>Names of what the kernel has instead.</summary>
    public IReadOnlyList<string> Near { get; init; } = [];
}

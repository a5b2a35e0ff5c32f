namespace Bee.Ebpf;

/// <summary>What becomes of a CO-RE relocation on a kernel.</summary>
public enum RelocationState
{
    /// <summary>The instruction gets its number.</summary>
    Resolved,

    /// <summary>
    /// The kernel lacks what is asked for: the loader puts an invalid instruction there, which is refused where the program can come to it,
    /// and does no harm behind a question whether the thing exists.
    /// </summary>
    Missing,

    /// <summary>The loader gives up the whole object.</summary>
    Refused,
}

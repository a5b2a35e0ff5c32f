using System.ComponentModel;

namespace Bee.Ebpf;

/// <summary>
/// The base of every object made from an entry of a map. Emitted types add <c>MapName</c>, <c>Key</c>, <c>Value</c>, for maps with
/// one value a CPU also <c>Values</c>, and the fields of key and value flattened beside them.
/// </summary>
/// <remarks>See <see cref="EntryType"/> for the exact shape.</remarks>
public abstract class MapEntry : BpfEvent
{
    /// <summary>Makes the base of an emitted entry.</summary>
    protected MapEntry()
    {
    }

    /// <summary>The key's bytes, as the kernel gave them: with what stands between its fields.</summary>
    internal ReadOnlySpan<byte> RawKey => KeyBytes();

    /// <summary>The value's bytes; of maps with one value a CPU all of them, each rounded up to 8.</summary>
    internal ReadOnlySpan<byte> RawValue => ValueBytes();

    /// <summary>The key's bytes.</summary>
    /// <returns>A view of them.</returns>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected abstract ReadOnlySpan<byte> KeyBytes();

    /// <summary>The value's bytes.</summary>
    /// <returns>A view of them.</returns>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected abstract ReadOnlySpan<byte> ValueBytes();
}

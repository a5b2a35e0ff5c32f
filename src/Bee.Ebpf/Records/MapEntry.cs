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
}

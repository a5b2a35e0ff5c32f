namespace Bee.Ebpf;

/// <summary>A map of a loaded session.</summary>
public sealed class BpfMap
{
    /// <summary>The map as the object file describes it.</summary>
    public MapDescription Description => throw new NotImplementedException();

    /// <summary>The name in the object file; the kernel cuts names at 15 characters, this one is whole.</summary>
    public string Name => Description.Name;

    /// <summary>The kernel's id of the map.</summary>
    public int Id => throw new NotImplementedException();

    /// <summary>Whether <see cref="Entries"/> can read it: hash, LRU, array and the per-CPU kinds of these.</summary>
    public bool CanRead => throw new NotImplementedException();

    /// <summary>The type of its entries; null when <see cref="CanRead"/> is false.</summary>
    public EntryType? EntryType => throw new NotImplementedException();

    /// <summary>
    /// All entries as they are now. The kernel goes on writing meanwhile: an entry that moves may be missed, none is given twice in one
    /// batch. Arrays give every slot.
    /// </summary>
    /// <exception cref="NotSupportedException">The map is of a kind that has no entries to read (<see cref="CanRead"/>).</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed of.</exception>
    public IEnumerable<MapEntry> Entries() => throw new NotImplementedException();

    /// <summary>How many entries there are now: for an array its length, else counted. Null when the map cannot be read.</summary>
    /// <exception cref="ObjectDisposedException">The session has been disposed of.</exception>
    public long? Count() => throw new NotImplementedException();
}

namespace Bee.Ebpf;

/// <summary>Where a property's value comes from.</summary>
internal enum PropertySource
{
    /// <summary>The map's name, the same for all objects of the type.</summary>
    MapName,
    /// <summary>No value at all: the key of a map without keys.</summary>
    Nothing,
    /// <summary>The object's inline bytes.</summary>
    Inline,
    /// <summary>The bytes behind the fixed part.</summary>
    Rest,
    /// <summary>One value a CPU.</summary>
    AllCpus,
    /// <summary>The sum over all CPUs.</summary>
    Total,
    /// <summary>The trace for the id in the object's inline bytes, handed over when the object is made.</summary>
    Stack,
}

/// <summary>A property to be emitted. For <see cref="PropertySource.Rest"/> and per-CPU sources the offset counts in those bytes.</summary>
internal sealed record PropertyPlan(string Name, string CName, PropertySource Source, ValueShape Value, int BitOffset, int BitSize)
{
    public int Offset => BitOffset / 8;
}

/// <summary>How an object of an emitted type comes to its bytes.</summary>
internal enum DecodeKind
{
    /// <summary>A record, all of it inline.</summary>
    Record,
    /// <summary>A record whose bytes behind the inline ones are kept too.</summary>
    OpenRecord,
    /// <summary>An entry: key and value inline.</summary>
    Entry,
    /// <summary>An entry: key inline, the values of all CPUs beside it.</summary>
    PerCpuEntry,
}

/// <summary>A type to be emitted.</summary>
/// <param name="Label">What its name begins with.</param>
/// <param name="Decode">How objects come to their bytes.</param>
/// <param name="MapName">The map's name, or null where there is none.</param>
/// <param name="InlineSize">How many bytes stand inline.</param>
/// <param name="ValueOffset">Where the value begins in them (entries only).</param>
/// <param name="Stride">How many bytes the value of one CPU takes (per-CPU entries only).</param>
/// <param name="Properties">The properties, in order.</param>
internal sealed record TypePlan(
    string Label, DecodeKind Decode, string? MapName, int InlineSize, int ValueOffset, int Stride, IReadOnlyList<PropertyPlan> Properties)
{
    public string Key => ShapeKey.Of(
        $"{Label}:{Decode}:{MapName}:{InlineSize}:{ValueOffset}:{Stride}",
        Properties.Select(p => $"{p.Name}:{p.Source}:{p.BitOffset}:{p.BitSize}:{p.Value.Key}"));
}

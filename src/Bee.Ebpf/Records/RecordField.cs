namespace Bee.Ebpf;

/// <summary>One property of an emitted type: its names, its place in the record, and how a view shows it best.</summary>
public sealed class RecordField
{
    internal RecordField(string name, string cName, Type clrType, FieldMeaning meaning, int offset, int size, int width, bool alignRight)
    {
        Name = name;
        CName = cName;
        ClrType = clrType;
        Meaning = meaning;
        Offset = offset;
        Size = size;
        Width = width;
        AlignRight = alignRight;
    }

    /// <summary>The property's name: the field's own, with <c>_2</c>, <c>_3</c>, ... behind where another property has it already.</summary>
    public string Name { get; }

    /// <summary>The field's name in C; empty for what the type adds by itself (<c>MapName</c>, <c>Key</c>, ...).</summary>
    public string CName { get; }

    /// <summary>
    /// The name under which a map's metadata describes the field: <see cref="CName"/>, or <see cref="Name"/> of what the type adds by itself (<c>Key</c>, <c>Value</c>).
    /// It is the name of a metric's label too.
    /// </summary>
    public string MetadataName => CName.Length > 0 ? CName : Name;

    /// <summary>Returns what a map's author says about the field; never null.</summary>
    /// <param name="map">The metadata of the field's map.</param>
    public FieldMetadata MetadataIn(MapMetadata map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return map.Fields.GetValueOrDefault(MetadataName) ?? FieldMetadata.None;
    }

    /// <summary>The property's type.</summary>
    public Type ClrType { get; }

    /// <summary>What the value stands for.</summary>
    public FieldMeaning Meaning { get; }

    /// <summary>Where the field begins, in bytes from the record's first (for entries: from the key's or the value's first). A bitfield's first byte.</summary>
    public int Offset { get; }

    /// <summary>How many bytes the field takes; 0 for a flexible array and for what the type adds by itself.</summary>
    public int Size { get; }

    /// <summary>How many columns of text a view should give it, at least 4.</summary>
    public int Width { get; }

    /// <summary>Whether a view should put it to the right, as numbers are.</summary>
    public bool AlignRight { get; }
}

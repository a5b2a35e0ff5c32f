using System.Buffers.Binary;

namespace Bee.Ebpf.Btf;

/// <summary>
/// Writes some types of a graph, with the types that they consist of, as a BTF section of their own. The targets of pointers become void, because they do not change the layout of a type.
/// </summary>
internal sealed class BtfSubset
{
    private const int HeaderLength = 24;
    private const uint CountMask = 0xffff;

    private readonly Dictionary<BtfType, uint> _ids = new(ReferenceEqualityComparer.Instance);
    private readonly List<(BtfType Type, uint[] Words)> _records = [];
    private readonly Dictionary<string, uint> _texts = new(StringComparer.Ordinal) { [""] = 0 };
    private readonly List<byte> _strings = [0];

    /// <summary>Adds a type and all types that it consists of.</summary>
    /// <param name="type">A type of any graph; null for none.</param>
    /// <returns>Its id in the section; 0 for none, void, and types without a layout, such as functions.</returns>
    public uint Add(BtfType? type)
    {
        if (type is null or BtfVoid or BtfFunction or BtfFunctionPrototype or BtfDataSection or BtfDeclarationTag)
        {
            return 0;
        }

        if (_ids.TryGetValue(type, out var known))
        {
            return known;
        }

        var index = _records.Count;
        _ids.Add(type, (uint)index + 1);
        _records.Add((type, []));
        var table = type.Graph.Table;
        _records[index] = (type, [Text(type.Name), Info(type, table), .. Words(type, table)]);
        return (uint)index + 1;
    }

    /// <summary>Returns the section, which <see cref="BtfSpec.Parse"/> reads.</summary>
    public byte[] ToSection()
    {
        var types = _records.Sum(record => record.Words.Length) * sizeof(uint);
        var section = new byte[HeaderLength + types + _strings.Count];
        uint[] header = [0x0001_eb9f, HeaderLength, 0, (uint)types, (uint)types, (uint)_strings.Count];
        var at = 0;
        foreach (var word in header.Concat(_records.SelectMany(record => record.Words)))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(section.AsSpan(at), word);
            at += sizeof(uint);
        }

        _strings.CopyTo(section, at);
        return section;
    }

    private static uint Info(BtfType type, BtfTable table)
    {
        var info = table.Info(type.Id);
        // Values of the kernel may have replaced those of the section.
        return type is BtfEnum values ? info & ~CountMask | (uint)values.Values.Count & CountMask : info;
    }

    private uint[] Words(BtfType type, BtfTable table)
    {
        uint Extra(int index) => table.Extra(type.Id, index);
        switch (type)
        {
            case BtfPointer:
                return [0];
            case BtfTypedef typedef:
                return [Add(typedef.Target)];
            case BtfModifier modifier:
                return [Add(modifier.Target)];
            case BtfVariable variable:
                return [Add(variable.Type), Extra(0)];
            case BtfArray array:
                return [0, Add(array.Element), Add(array.Index), array.DeclaredLength];
            case BtfInt:
                return [table.Target(type.Id), Extra(0)];
            case BtfEnum { Kind: BtfKind.Enum } values:
                return [table.Target(type.Id), .. values.Values.SelectMany(value => new[] { Text(value.Name), (uint)value.Value })];
            case BtfEnum values:
                return [table.Target(type.Id), .. values.Values.SelectMany(value => new[] { Text(value.Name), (uint)value.Value, (uint)(value.Value >> 32) })];
            case BtfStruct members:
                return [table.Target(type.Id), .. members.Members.SelectMany((member, i) => new[] { Text(member.Name), Add(member.Type), Extra(3 * i + 2) })];
            default:
                // A float, or a forward declaration.
                return [table.Target(type.Id)];
        }
    }

    private uint Text(string text)
    {
        if (!_texts.TryGetValue(text, out var offset))
        {
            _texts.Add(text, offset = (uint)_strings.Count);
            _strings.AddRange(System.Text.Encoding.UTF8.GetBytes(text));
            _strings.Add(0);
        }

        return offset;
    }
}

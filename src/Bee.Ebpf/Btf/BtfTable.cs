using System.Buffers.Binary;
using System.Collections;
using System.Text;
using Bee.Posix;

namespace Bee.Ebpf.Btf;

/// <summary>
/// The raw records of a BTF section, with the offset of each. <see cref="BtfCheck"/> has validated ids and offsets. A split
/// section, as kernel modules have, continues the ids and the strings of the kernel's section.
/// </summary>
internal sealed class BtfTable
{
    private readonly byte[] _section;
    private readonly int _types;
    private readonly int _strings;
    private readonly int _stringsLength;
    private readonly int[] _offsets;
    private readonly int[] _sizes;
    private readonly BtfTable? _base;
    private readonly uint _firstString;

    internal BtfTable(byte[] section, int types, int strings, int stringsLength, int[] offsets, BtfTable? below)
    {
        _base = below;
        FirstId = (uint)(below?.TypeCount ?? 0);
        _firstString = (uint)(below?.StringsLength ?? 0);
        _section = section;
        _types = types;
        _strings = strings;
        _stringsLength = stringsLength;
        _offsets = offsets;
        _sizes = new int[offsets.Length];
        Array.Fill(_sizes, -1);
    }

    /// <summary>The id of the first type in the section itself; 0 unless the section is split.</summary>
    public uint FirstId { get; }

    /// <summary>The number of types, with void and those of the base.</summary>
    public int TypeCount => (int)FirstId + _offsets.Length;

    /// <summary>The size of the string table in bytes, with that of the base.</summary>
    public int StringsLength => (int)_firstString + _stringsLength;

    /// <summary>Reads and validates a section: strictly, or as a kernel's, which may be newer than this code; complete, or split on top of a base.</summary>
    public static BtfTable Parse(byte[] section, bool kernel, BtfTable? below = null)
    {
        var table = BtfReader.Read(section, below);
        BtfCheck.Check(table, kernel);
        return table;
    }

    public BtfKind Kind(uint id) => id == 0 ? BtfKind.Void : (BtfKind)(Word(id, 1) >> 24 & 0x1f);

    /// <summary>Returns kind, count and flag, packed in one word.</summary>
    public uint Info(uint id) => id == 0 ? 0 : Word(id, 1);

    public uint NameOffset(uint id) => id == 0 ? 0 : Word(id, 0);

    public int Count(uint id) => id == 0 ? 0 : (int)(Word(id, 1) & 0xffff);

    public bool Flag(uint id) => id != 0 && Word(id, 1) >> 31 != 0;

    /// <summary>Returns the size or the id of the referenced type, depending on the kind.</summary>
    public uint Target(uint id) => id == 0 ? 0 : Word(id, 2);

    /// <summary>Returns a word after the common header of three words.</summary>
    public uint Extra(uint id, int index) => Word(id, 3 + index);

    public int Size(uint id) => id < FirstId ? _base!.Size(id) : _sizes[id - FirstId];

    public void SetSize(uint id, int size) => _sizes[id - FirstId] = size;

    public uint Resolve(uint id)
    {
        while (IsAlias(Kind(id)))
        {
            id = Target(id);
        }

        return id;
    }

    public static bool IsAlias(BtfKind kind) =>
        kind is BtfKind.Typedef or BtfKind.Const or BtfKind.Volatile or BtfKind.Restrict or BtfKind.TypeTag;

    /// <summary>Returns the bytes of a string, without the NUL.</summary>
    public ReadOnlySpan<byte> TextBytes(uint offset)
    {
        if (offset < _firstString)
        {
            return _base!.TextBytes(offset);
        }

        var own = (int)(offset - _firstString);
        var rest = _section.AsSpan(_strings + own, _stringsLength - own);
        return rest[..rest.IndexOf((byte)0)];
    }

    /// <summary>Returns a string, safe to display: control characters are replaced, except line feed and tab, which source lines contain.</summary>
    public string Text(uint offset) => offset == 0 ? "" : TerminalText.CleanLines(Encoding.UTF8.GetString(TextBytes(offset)));

    public Dictionary<(string, BtfKind), uint> IndexNames()
    {
        var names = new Dictionary<(string, BtfKind), uint>();
        for (var id = Math.Max(1, FirstId); id < TypeCount; id++)
        {
            if (NameOffset(id) != 0)
            {
                names.TryAdd((Text(NameOffset(id)), Kind(id)), id);
            }
        }

        return names;
    }

    private uint Word(uint id, int index) => id < FirstId
        ? _base!.Word(id, index)
        : BinaryPrimitives.ReadUInt32LittleEndian(_section.AsSpan(_types + _offsets[id - FirstId] + 4 * index));
}

/// <summary>The types of a graph by id, each created on first use.</summary>
internal sealed class BtfTypeList(BtfSpec graph) : IReadOnlyList<BtfType>
{
    private readonly BtfType?[] _types = new BtfType?[graph.Table.TypeCount - (int)graph.Table.FirstId];

    public int Count => graph.Table.TypeCount;

    // Two threads may both create the object. The first to publish it wins, so that identity holds.
    public BtfType this[int index]
    {
        get
        {
            var own = index - (int)graph.Table.FirstId;
            return own < 0 ? graph.Base!.Types[index] : Volatile.Read(ref _types[own]) ?? Publish(own, Create((uint)index));
        }
    }

    public IEnumerator<BtfType> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private BtfType Publish(int index, BtfType made) => Interlocked.CompareExchange(ref _types[index], made, null) ?? made;

    private BtfType Create(uint id) => graph.Table.Kind(id) switch
    {
        BtfKind.Void => new BtfVoid(graph),
        BtfKind.Int => new BtfInt(graph, id),
        BtfKind.Pointer => new BtfPointer(graph, id),
        BtfKind.Array => new BtfArray(graph, id),
        BtfKind.Struct or BtfKind.Union => new BtfStruct(graph, id),
        BtfKind.Enum or BtfKind.Enum64 => new BtfEnum(graph, id),
        BtfKind.Forward => new BtfForward(graph, id),
        BtfKind.Typedef => new BtfTypedef(graph, id),
        BtfKind.Function => new BtfFunction(graph, id),
        BtfKind.FunctionPrototype => new BtfFunctionPrototype(graph, id),
        BtfKind.Variable => new BtfVariable(graph, id),
        BtfKind.DataSection => new BtfDataSection(graph, id),
        BtfKind.Float => new BtfFloat(graph, id),
        BtfKind.DeclarationTag => new BtfDeclarationTag(graph, id),
        _ => new BtfModifier(graph, id),
    };
}

namespace Bee.Ebpf.Btf;

/// <summary>
/// One type of a <see cref="BtfSpec"/> graph. Parsing has validated the graph: following its references never fails, never
/// loops and never overflows. Types are created on first use and stay the same objects for the life of the graph, so reference equality is
/// identity. All members are thread-safe.
/// </summary>
internal abstract class BtfType
{
    private string? _name;

    private protected BtfType(BtfSpec graph, uint id)
    {
        Graph = graph;
        Id = id;
    }

    /// <summary>The graph that contains this type.</summary>
    public BtfSpec Graph { get; }

    /// <summary>The type's id: its index in <see cref="BtfSpec.Types"/>.</summary>
    public uint Id { get; }

    /// <summary>The name, without <c>struct</c>, <c>union</c> or <c>enum</c>; empty for types without a name.</summary>
    public string Name => _name ??= Graph.Table.Text(Graph.Table.NameOffset(Id));

    /// <summary>The kind of the type.</summary>
    public BtfKind Kind => Graph.Table.Kind(Id);

    /// <summary>
    /// The size in bytes of a value of this type, through typedefs, modifiers and arrays; 8 for a pointer. 0 for types without a size: void,
    /// forward declarations, functions, flexible arrays.
    /// </summary>
    public int Size => Graph.Table.Size(Id);

    /// <summary>Returns the type without the typedefs, const, volatile, restrict and type tags around it.</summary>
    /// <returns>This type if nothing surrounds it.</returns>
    public BtfType Resolve() => Graph.Types[(int)Graph.Table.Resolve(Id)];

    /// <summary>Returns the type in C syntax without a variable's name, such as <c>struct event</c>, <c>unsigned int</c>, <c>char[16]</c> or <c>const char *</c>.</summary>
    public override string ToString() => BtfTypeName.Of(this);

    private protected BtfType Reference(uint id) => Graph.Types[(int)id];
}

/// <summary>The kinds of BTF types, with the kernel's numbers (BTF_KIND_*, include/uapi/linux/btf.h).</summary>
internal enum BtfKind
{
    /// <summary>void, the type with id 0; it has no record in the section.</summary>
    Void = 0,
    /// <summary>An integer, a character or a boolean.</summary>
    Int = 1,
    /// <summary>A pointer.</summary>
    Pointer = 2,
    /// <summary>An array of a fixed length.</summary>
    Array = 3,
    /// <summary>A struct.</summary>
    Struct = 4,
    /// <summary>A union.</summary>
    Union = 5,
    /// <summary>An enum with values of 32 bits.</summary>
    Enum = 6,
    /// <summary>A struct or union that is declared but not defined.</summary>
    Forward = 7,
    /// <summary>A typedef.</summary>
    Typedef = 8,
    /// <summary>volatile.</summary>
    Volatile = 9,
    /// <summary>const.</summary>
    Const = 10,
    /// <summary>restrict.</summary>
    Restrict = 11,
    /// <summary>A function, whose type is a prototype.</summary>
    Function = 12,
    /// <summary>A function's parameters and result.</summary>
    FunctionPrototype = 13,
    /// <summary>A global variable.</summary>
    Variable = 14,
    /// <summary>A section of an object and its variables.</summary>
    DataSection = 15,
    /// <summary>float, double or long double.</summary>
    Float = 16,
    /// <summary>btf_decl_tag: text attached to a declaration.</summary>
    DeclarationTag = 17,
    /// <summary>btf_type_tag: text attached to a type.</summary>
    TypeTag = 18,
    /// <summary>An enum with values of 64 bits.</summary>
    Enum64 = 19,
}

/// <summary>void: id 0 of every graph.</summary>
internal sealed class BtfVoid : BtfType
{
    internal BtfVoid(BtfSpec graph) : base(graph, 0) { }
}

/// <summary>An integer, a character or a boolean.</summary>
internal sealed class BtfInt : BtfType
{
    private readonly uint _encoding;

    internal BtfInt(BtfSpec graph, uint id) : base(graph, id) => _encoding = graph.Table.Extra(id, 0);

    /// <summary>True for signed integers.</summary>
    public bool IsSigned => (_encoding >> 24 & 1) != 0;

    /// <summary>True for types that the compiler marked as characters. Clang marks none: its <c>char</c> is a one-byte signed integer, named "char".</summary>
    public bool IsChar => (_encoding >> 24 & 2) != 0;

    /// <summary>True for <c>bool</c>.</summary>
    public bool IsBool => (_encoding >> 24 & 4) != 0;

    /// <summary>The number of bits of the value, 1 to 128; less than 8 times <see cref="BtfType.Size"/> only in bitfields of old compilers.</summary>
    public int Bits => (int)(_encoding & 0xff);

    /// <summary>The position of the value, in bits from the start of the storage; 0 except in bitfields of old compilers.</summary>
    public int BitOffset => (int)(_encoding >> 16 & 0xff);
}

/// <summary>float, double or long double, by <see cref="BtfType.Size"/>.</summary>
internal sealed class BtfFloat : BtfType
{
    internal BtfFloat(BtfSpec graph, uint id) : base(graph, id) { }
}

/// <summary>An enum with 32-bit or 64-bit values, by <see cref="BtfType.Kind"/>. <see cref="BtfType.Size"/> is 1, 2, 4 or 8.</summary>
internal sealed class BtfEnum : BtfType
{
    private IReadOnlyList<(string Name, long Value)>? _values;

    internal BtfEnum(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>True if values are signed. Clang before version 15 does not mark signed enums; there, an enum with a negative value is signed.</summary>
    public bool IsSigned => Graph.Table.Flag(Id) || HasNegative();

    /// <summary>The named values in source order. Values of an unsigned 64-bit enum above <see cref="long.MaxValue"/> appear as negative numbers with the same bits.</summary>
    public IReadOnlyList<(string Name, long Value)> Values => _values ??= ReadValues();

    /// <summary>Replaces the values of the file.</summary>
    internal void Replace(IReadOnlyList<(string Name, long Value)> values)
    {
        _values = values;
        lock (Graph.ReplacedEnums)
        {
            Graph.ReplacedEnums[Id] = values;
        }
    }

    // Only old compilers omit the flag, and they do not support enum64. There, a value with the top bit set is more often -1 than 0x80000000
    // (a flag). If the enum has other large values, its values are flags.
    private bool HasNegative()
    {
        var table = Graph.Table;
        if (Kind == BtfKind.Enum64)
        {
            return false;
        }

        for (var i = 0; i < table.Count(Id); i++)
        {
            if (table.Extra(Id, 2 * i + 1) >= 0xffff_f000)
            {
                return true;
            }
        }

        return false;
    }

    private (string, long)[] ReadValues()
    {
        var table = Graph.Table;
        var values = new (string, long)[table.Count(Id)];
        var words = Kind == BtfKind.Enum64 ? 3 : 2;
        var signed = IsSigned;
        for (var i = 0; i < values.Length; i++)
        {
            var low = table.Extra(Id, words * i + 1);
            long value = words == 3 ? (long)((ulong)table.Extra(Id, 3 * i + 2) << 32 | low) : signed ? (int)low : low;
            values[i] = (table.Text(table.Extra(Id, words * i)), value);
        }

        return values;
    }
}

/// <summary>A pointer; 8 bytes in BPF programs and in the kernels they run on.</summary>
internal sealed class BtfPointer : BtfType
{
    internal BtfPointer(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>The type of the target; <see cref="BtfVoid"/> for <c>void *</c>.</summary>
    public BtfType Target => Reference(Graph.Table.Target(Id));
}

/// <summary>An array. A two-dimensional one is an array whose element is an array.</summary>
internal sealed class BtfArray : BtfType
{
    internal BtfArray(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>The type of an element.</summary>
    public BtfType Element => Reference(Graph.Table.Extra(Id, 0));

    /// <summary>The type of the index: an integer that the compiler adds, without meaning for readers.</summary>
    public BtfType Index => Reference(Graph.Table.Extra(Id, 1));

    /// <summary>The number of elements; 0 for a flexible array.</summary>
    public int Length => (int)Math.Min(DeclaredLength, int.MaxValue);

    /// <summary>The declared number of elements. In a map's __uint(), it is the encoded number.</summary>
    internal uint DeclaredLength => Graph.Table.Extra(Id, 2);
}

/// <summary>A typedef: <see cref="BtfType.Name"/> is the new name.</summary>
internal sealed class BtfTypedef : BtfType
{
    internal BtfTypedef(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>The type that the name stands for.</summary>
    public BtfType Target => Reference(Graph.Table.Target(Id));
}

/// <summary>const, volatile, restrict or a type tag, by <see cref="BtfType.Kind"/>. Only a type tag has a name, which is its text.</summary>
internal sealed class BtfModifier : BtfType
{
    internal BtfModifier(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>The type that is modified.</summary>
    public BtfType Target => Reference(Graph.Table.Target(Id));
}

/// <summary>A struct or union that is declared but not defined in this graph.</summary>
internal sealed class BtfForward : BtfType
{
    internal BtfForward(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>True for a union, false for a struct.</summary>
    public bool IsUnion => Graph.Table.Flag(Id);
}

/// <summary>A struct or a union.</summary>
internal sealed class BtfStruct : BtfType
{
    private IReadOnlyList<BtfMember>? _members;

    internal BtfStruct(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>True for a union.</summary>
    public bool IsUnion => Kind == BtfKind.Union;

    /// <summary>The members in source order. Anonymous structs and unions are members with an empty name.</summary>
    public IReadOnlyList<BtfMember> Members => _members ??= ReadMembers();

    private BtfMember[] ReadMembers()
    {
        var table = Graph.Table;
        var members = new BtfMember[table.Count(Id)];
        var bitfields = table.Flag(Id);
        for (var i = 0; i < members.Length; i++)
        {
            var position = table.Extra(Id, 3 * i + 2);
            members[i] = new BtfMember(
                table.Text(table.Extra(Id, 3 * i)),
                Reference(table.Extra(Id, 3 * i + 1)),
                bitfields ? (int)(position & 0xff_ffff) : (int)position,
                bitfields ? (int)(position >> 24) : 0);
        }

        return members;
    }
}

/// <summary>A member of a struct or union.</summary>
/// <param name="Name">The member's name; empty for an anonymous struct or union, and for padding bitfields.</param>
/// <param name="Type">The member's type.</param>
/// <param name="BitOffset">The offset of the member, in bits from the start of the struct.</param>
/// <param name="BitSize">The width of a bitfield in bits; 0 for other members.</param>
internal sealed record BtfMember(string Name, BtfType Type, int BitOffset, int BitSize);

/// <summary>The linkage of a function or variable.</summary>
internal enum BtfLinkage
{
    /// <summary>Visible in its own file only.</summary>
    Static = 0,
    /// <summary>Visible in every file.</summary>
    Global = 1,
    /// <summary>Declared here and defined elsewhere: in the kernel, or in another object.</summary>
    Extern = 2,
}

/// <summary>A function.</summary>
internal sealed class BtfFunction : BtfType
{
    internal BtfFunction(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>The parameters and the result.</summary>
    public BtfFunctionPrototype Prototype => (BtfFunctionPrototype)Reference(Graph.Table.Target(Id));

    /// <summary>The linkage of the function.</summary>
    public BtfLinkage Linkage => (BtfLinkage)Graph.Table.Count(Id);
}

/// <summary>A function's parameters and result. It has no name of its own.</summary>
internal sealed class BtfFunctionPrototype : BtfType
{
    private IReadOnlyList<(string Name, BtfType Type)>? _parameters;

    internal BtfFunctionPrototype(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>The type of the result; <see cref="BtfVoid"/> for none.</summary>
    public BtfType Result => Reference(Graph.Table.Target(Id));

    /// <summary>The parameters in order. If the last one has no name and type void, it stands for <c>...</c></summary>
    public IReadOnlyList<(string Name, BtfType Type)> Parameters => _parameters ??= ReadParameters();

    private (string, BtfType)[] ReadParameters()
    {
        var table = Graph.Table;
        var parameters = new (string, BtfType)[table.Count(Id)];
        for (var i = 0; i < parameters.Length; i++)
        {
            parameters[i] = (table.Text(table.Extra(Id, 2 * i)), Reference(table.Extra(Id, 2 * i + 1)));
        }

        return parameters;
    }
}

/// <summary>A variable of an object.</summary>
internal sealed class BtfVariable : BtfType
{
    internal BtfVariable(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>The variable's type.</summary>
    public BtfType Type => Reference(Graph.Table.Target(Id));

    /// <summary>The linkage of the variable.</summary>
    public BtfLinkage Linkage => (BtfLinkage)Graph.Table.Extra(Id, 0);
}

/// <summary>A section of an object with its variables. <see cref="BtfType.Name"/> is the section's name, such as <c>.rodata</c>.</summary>
internal sealed class BtfDataSection : BtfType
{
    private IReadOnlyList<BtfSectionEntry>? _entries;

    internal BtfDataSection(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>The variables (or extern functions) in the section, in section order.</summary>
    public IReadOnlyList<BtfSectionEntry> Entries => _entries ??= ReadEntries();

    private BtfSectionEntry[] ReadEntries()
    {
        var table = Graph.Table;
        var entries = new BtfSectionEntry[table.Count(Id)];
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = new BtfSectionEntry(
                Reference(table.Extra(Id, 3 * i)), (int)table.Extra(Id, 3 * i + 1), (int)table.Extra(Id, 3 * i + 2));
        }

        return entries;
    }
}

/// <summary>One variable or function of a <see cref="BtfDataSection"/>.</summary>
/// <param name="Declaration">A <see cref="BtfVariable"/>; in the section of externs (<c>.ksyms</c>) also a <see cref="BtfFunction"/>.</param>
/// <param name="Offset">
/// Bytes from the start of the section, as the compiler wrote it: clang writes 0 for global variables, whose offset is in the symbol table.
/// </param>
/// <param name="Size">The variable's size in bytes.</param>
internal sealed record BtfSectionEntry(BtfType Declaration, int Offset, int Size)
{
    /// <summary>The variable, or null if the declaration is a function.</summary>
    public BtfVariable? Variable => Declaration as BtfVariable;
}

/// <summary>Text that <c>__attribute__((btf_decl_tag("...")))</c> attached to a declaration.</summary>
internal sealed class BtfDeclarationTag : BtfType
{
    internal BtfDeclarationTag(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>The tagged declaration: a struct, union, typedef, function or variable.</summary>
    public BtfType Target => Reference(Graph.Table.Target(Id));

    /// <summary>The index of the tagged member or parameter of the target; -1 for the target as a whole.</summary>
    public int ComponentIndex => (int)Graph.Table.Extra(Id, 0);

    /// <summary>The text.</summary>
    public string Value => Name;
}

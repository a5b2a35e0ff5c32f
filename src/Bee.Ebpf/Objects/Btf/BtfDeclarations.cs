namespace Bee.Ebpf;

/// <summary>Who sees a function or variable of an object file.</summary>
public enum BtfLinkage
{
    /// <summary>Its own file only.</summary>
    Static = 0,
    /// <summary>Every file.</summary>
    Global = 1,
    /// <summary>Declared here and defined elsewhere: in the kernel, or in another object.</summary>
    Extern = 2,
}

/// <summary>A function.</summary>
public sealed class BtfFunction : BtfType
{
    internal BtfFunction(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>Parameters and result.</summary>
    public BtfFunctionPrototype Prototype => (BtfFunctionPrototype)Reference(Graph.Table.Target(Id));

    /// <summary>Who sees the function.</summary>
    public BtfLinkage Linkage => (BtfLinkage)Graph.Table.Count(Id);
}

/// <summary>A function's parameters and result. It has no name of its own.</summary>
public sealed class BtfFunctionPrototype : BtfType
{
    private IReadOnlyList<(string Name, BtfType Type)>? _parameters;

    internal BtfFunctionPrototype(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>The type of the result; <see cref="BtfVoid"/> for none.</summary>
    public BtfType Result => Reference(Graph.Table.Target(Id));

    /// <summary>The parameters in order. A last one without a name and of type void stands for <c>...</c></summary>
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

/// <summary>A variable of an object file.</summary>
public sealed class BtfVariable : BtfType
{
    internal BtfVariable(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>The variable's type.</summary>
    public BtfType Type => Reference(Graph.Table.Target(Id));

    /// <summary>Who sees the variable.</summary>
    public BtfLinkage Linkage => (BtfLinkage)Graph.Table.Extra(Id, 0);
}

/// <summary>A section of an object file with its variables; <see cref="BtfType.Name"/> is the section's name, such as <c>.rodata</c>.</summary>
public sealed class BtfDataSection : BtfType
{
    private IReadOnlyList<BtfSectionEntry>? _entries;

    internal BtfDataSection(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>The variables (or extern functions) in the section, in the order of the section.</summary>
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

/// <summary>What stands at one place of a <see cref="BtfDataSection"/>.</summary>
/// <param name="Declaration">A <see cref="BtfVariable"/>; in the section of externs (<c>.ksyms</c>) also a <see cref="BtfFunction"/>.</param>
/// <param name="Offset">
/// Bytes from the start of the section, as the compiler wrote it: clang leaves 0 for global variables, whose offset only the symbol table tells.
/// </param>
/// <param name="Size">The variable's size in bytes.</param>
public sealed record BtfSectionEntry(BtfType Declaration, int Offset, int Size)
{
    /// <summary>The variable, or null where the declaration is a function.</summary>
    public BtfVariable? Variable => Declaration as BtfVariable;
}

/// <summary>Text that <c>__attribute__((btf_decl_tag("...")))</c> attached to a declaration.</summary>
public sealed class BtfDeclarationTag : BtfType
{
    internal BtfDeclarationTag(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>What is tagged: a struct, union, typedef, function or variable.</summary>
    public BtfType Target => Reference(Graph.Table.Target(Id));

    /// <summary>Which member or parameter of the target is tagged; -1 for the target as a whole.</summary>
    public int ComponentIndex => (int)Graph.Table.Extra(Id, 0);

    /// <summary>The text.</summary>
    public string Value => Name;
}

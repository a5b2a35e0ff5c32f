namespace Bee.Ebpf;

/// <summary>
/// One type of a <see cref="BtfSpec"/> graph. The graph was checked as a whole when it was parsed: following its references never fails, never
/// loops and never overflows. Types are made on first use and stay the same objects for the life of the graph, so reference equality is
/// identity. All members are safe to call from several threads.
/// </summary>
public abstract class BtfType
{
    private string? _name;

    private protected BtfType(BtfSpec graph, uint id)
    {
        Graph = graph;
        Id = id;
    }

    /// <summary>The graph that this type is part of.</summary>
    public BtfSpec Graph { get; }

    /// <summary>The type's id: its index in <see cref="BtfSpec.Types"/>.</summary>
    public uint Id { get; }

    /// <summary>The type's own name, without <c>struct</c>, <c>union</c> or <c>enum</c>; empty for anonymous types and for those that have no name.</summary>
    public string Name => _name ??= Graph.Table.Text(Graph.Table.NameOffset(Id));

    /// <summary>What the type is.</summary>
    public BtfKind Kind => Graph.Table.Kind(Id);

    /// <summary>
    /// The size in bytes of a value of this type, through typedefs, modifiers and arrays; a pointer has 8. 0 for what has no size: void,
    /// forward declarations, functions, flexible arrays.
    /// </summary>
    public int Size => Graph.Table.Size(Id);

    /// <summary>The type without the typedefs, const, volatile, restrict and type tags around it.</summary>
    /// <returns>This type where there is nothing to skip.</returns>
    public BtfType Resolve() => Graph.Types[(int)Graph.Table.Resolve(Id)];

    /// <summary>The type as C writes it without a variable's name, such as <c>struct event</c>, <c>unsigned int</c>, <c>char[16]</c> or <c>const char *</c>.</summary>
    public override string ToString() => BtfTypeName.Of(this);

    private protected BtfType Reference(uint id) => Graph.Types[(int)id];
}

namespace Bee.Ebpf;

/// <summary>A pointer; 8 bytes in BPF programs and in the kernels they run on.</summary>
public sealed class BtfPointer : BtfType
{
    internal BtfPointer(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>What is pointed to; <see cref="BtfVoid"/> for <c>void *</c>.</summary>
    public BtfType Target => Reference(Graph.Table.Target(Id));
}

/// <summary>An array. A two-dimensional one is an array whose element is an array.</summary>
public sealed class BtfArray : BtfType
{
    internal BtfArray(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>The type of an element.</summary>
    public BtfType Element => Reference(Graph.Table.Extra(Id, 0));

    /// <summary>The type of the index; the compiler's own integer, of no meaning to readers.</summary>
    public BtfType Index => Reference(Graph.Table.Extra(Id, 1));

    /// <summary>How many elements; 0 for a flexible array.</summary>
    public int Length => (int)Graph.Table.Extra(Id, 2);
}

/// <summary>A typedef: <see cref="BtfType.Name"/> is the new name.</summary>
public sealed class BtfTypedef : BtfType
{
    internal BtfTypedef(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>The type that the name stands for.</summary>
    public BtfType Target => Reference(Graph.Table.Target(Id));
}

/// <summary>const, volatile, restrict or a type tag, by <see cref="BtfType.Kind"/>. Only a type tag has a name: its text.</summary>
public sealed class BtfModifier : BtfType
{
    internal BtfModifier(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>The type that is modified.</summary>
    public BtfType Target => Reference(Graph.Table.Target(Id));
}

/// <summary>A struct or union that is declared and not defined here.</summary>
public sealed class BtfForward : BtfType
{
    internal BtfForward(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>True for a union, false for a struct.</summary>
    public bool IsUnion => Graph.Table.Flag(Id);
}

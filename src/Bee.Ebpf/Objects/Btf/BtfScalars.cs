namespace Bee.Ebpf;

/// <summary>void: id 0 of every graph.</summary>
public sealed class BtfVoid : BtfType
{
    internal BtfVoid(BtfSpec graph) : base(graph, 0) { }
}

/// <summary>An integer, a character or a boolean.</summary>
public sealed class BtfInt : BtfType
{
    private readonly uint _encoding;

    internal BtfInt(BtfSpec graph, uint id) : base(graph, id) => _encoding = graph.Table.Extra(id, 0);

    /// <summary>True for signed integers.</summary>
    public bool IsSigned => (_encoding >> 24 & 1) != 0;

    /// <summary>True for types that the compiler marked as characters. Clang marks none: its <c>char</c> is a signed integer of one byte, named "char".</summary>
    public bool IsChar => (_encoding >> 24 & 2) != 0;

    /// <summary>True for <c>bool</c>.</summary>
    public bool IsBool => (_encoding >> 24 & 4) != 0;

    /// <summary>How many bits hold the value, 1 to 128; less than 8 times <see cref="BtfType.Size"/> only in bitfields of old compilers.</summary>
    public int Bits => (int)(_encoding & 0xff);

    /// <summary>Where the value begins, in bits from the start of the storage; 0 except in bitfields of old compilers.</summary>
    public int BitOffset => (int)(_encoding >> 16 & 0xff);
}

/// <summary>float, double or long double, by <see cref="BtfType.Size"/>.</summary>
public sealed class BtfFloat : BtfType
{
    internal BtfFloat(BtfSpec graph, uint id) : base(graph, id) { }
}

/// <summary>An enum, of 32 or of 64 bits (<see cref="BtfType.Kind"/> tells); <see cref="BtfType.Size"/> is 1, 2, 4 or 8.</summary>
public sealed class BtfEnum : BtfType
{
    private IReadOnlyList<(string Name, long Value)>? _values;

    internal BtfEnum(BtfSpec graph, uint id) : base(graph, id) { }

    /// <summary>True when values are to be read as signed. Clang before version 15 marks none, and then an enum with a negative value counts as signed.</summary>
    public bool IsSigned => Graph.Table.Flag(Id) || HasNegative();

    /// <summary>The named values in the order of the source. Those of an unsigned enum of 64 bits above <see cref="long.MaxValue"/> appear as negative numbers with the same bits.</summary>
    public IReadOnlyList<(string Name, long Value)> Values => _values ??= ReadValues();

    // Only old compilers leave the flag out, and they know no enum64. A value with the top bit set is then more often -1 than 0x80000000
    // (a flag); but of an enum that holds other large values the reading as flags is right.
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

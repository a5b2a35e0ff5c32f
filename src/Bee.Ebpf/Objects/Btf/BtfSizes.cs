namespace Bee.Ebpf;

/// <summary>Works out the size of every type.</summary>
internal static class BtfSizes
{
    // libbpf gives up on chains of more than 32 references.
    private const int MaxChain = 32;
    private const int PointerSize = 8;

    public static void Compute(BtfTable table)
    {
        Span<uint> chain = stackalloc uint[MaxChain];
        for (var id = table.FirstId; id < table.TypeCount; id++)
        {
            if (table.Size(id) < 0)
            {
                Compute(table, id, chain);
            }
        }
    }

    // Walks down the chain of references to the first type whose size is known, then back up.
    private static void Compute(BtfTable table, uint id, Span<uint> chain)
    {
        var depth = 0;
        var start = id;
        long size;
        while ((size = table.Size(id)) < 0)
        {
            var next = Next(table, id);
            if (next is null)
            {
                size = Own(table, id);
                table.SetSize(id, (int)size);
                break;
            }

            if (depth == chain.Length)
            {
                throw BtfReader.Damaged($"type {start} refers to itself, or through more than {MaxChain} others");
            }

            chain[depth++] = id;
            id = next.Value;
        }

        while (depth > 0)
        {
            var above = chain[--depth];
            size *= table.Kind(above) == BtfKind.Array ? table.Extra(above, 2) : 1;
            if (size > int.MaxValue)
            {
                throw BtfReader.Damaged($"type {above} is an array of more than 2 GiB");
            }

            table.SetSize(above, (int)size);
        }
    }

    private static uint? Next(BtfTable table, uint id) => table.Kind(id) switch
    {
        BtfKind.Array => table.Extra(id, 0),
        BtfKind.Variable or BtfKind.Typedef or BtfKind.Const or BtfKind.Volatile or BtfKind.Restrict or BtfKind.TypeTag => table.Target(id),
        _ => null,
    };

    private static int Own(BtfTable table, uint id) => table.Kind(id) switch
    {
        BtfKind.Pointer => PointerSize,
        BtfKind.Int or BtfKind.Float or BtfKind.Struct or BtfKind.Union or BtfKind.Enum or BtfKind.Enum64 or BtfKind.DataSection =>
            table.Target(id) <= int.MaxValue ? (int)table.Target(id) : throw BtfReader.Damaged($"type {id} has the size {table.Target(id)}"),
        _ => 0,
    };
}

namespace Bee.Ebpf;

/// <summary>Sees to it that structs do not contain themselves, and not so many others that walking their members never ends.</summary>
internal static class BtfNesting
{
    private const int MaxDepth = 64;
    private const int MaxMembers = 1 << 20;
    private const int Unknown = 0;
    private const int Underway = -1;

    public static void Check(BtfTable table)
    {
        var known = new (int Members, int Levels)[table.TypeCount];
        for (var id = Math.Max(1, table.FirstId); id < table.TypeCount; id++)
        {
            Measure(table, id, known, 0);
        }
    }

    // How many members there are below a type, those of members included, and how many levels; at least 1 and 0.
    private static (int Members, int Levels) Measure(BtfTable table, uint id, (int Members, int Levels)[] known, int depth)
    {
        id = Content(table, id);
        if (table.Kind(id) is not (BtfKind.Struct or BtfKind.Union))
        {
            return (1, 0);
        }

        if (known[id].Members == Underway || depth + known[id].Levels > MaxDepth)
        {
            throw BtfReader.Damaged($"struct {id} contains itself, or others to a depth of more than {MaxDepth}");
        }

        if (known[id].Members != Unknown)
        {
            return known[id];
        }

        known[id].Members = Underway;
        var total = 1;
        var levels = 0;
        for (var i = 0; i < table.Count(id); i++)
        {
            var below = Measure(table, table.Extra(id, 3 * i + 1), known, depth + 1);
            total += below.Members;
            levels = Math.Max(levels, below.Levels);
            if (total > MaxMembers)
            {
                throw BtfReader.Damaged($"struct {id} has more than {MaxMembers} members, those of its members included");
            }
        }

        return known[id] = (total, levels + 1);
    }

    // What arrays and aliases hold by value. Their chains were found to end when sizes were worked out.
    private static uint Content(BtfTable table, uint id)
    {
        while (true)
        {
            var kind = table.Kind(id);
            if (kind == BtfKind.Array)
            {
                id = table.Extra(id, 0);
            }
            else if (BtfTable.IsAlias(kind))
            {
                id = table.Target(id);
            }
            else
            {
                return id;
            }
        }
    }
}

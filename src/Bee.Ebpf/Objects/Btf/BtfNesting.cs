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
        var members = new int[table.TypeCount];
        for (uint id = 1; id < table.TypeCount; id++)
        {
            Members(table, id, members, 0);
        }
    }

    // How many members there are below a type, those of members included; at least 1.
    private static int Members(BtfTable table, uint id, int[] members, int depth)
    {
        id = Content(table, id);
        if (table.Kind(id) is not (BtfKind.Struct or BtfKind.Union))
        {
            return 1;
        }

        if (members[id] == Underway || depth > MaxDepth)
        {
            throw BtfReader.Damaged($"struct {id} contains itself, or others to a depth of more than {MaxDepth}");
        }

        if (members[id] != Unknown)
        {
            return members[id];
        }

        members[id] = Underway;
        var total = 1;
        for (var i = 0; i < table.Count(id); i++)
        {
            total += Members(table, table.Extra(id, 3 * i + 1), members, depth + 1);
            if (total > MaxMembers)
            {
                throw BtfReader.Damaged($"struct {id} has more than {MaxMembers} members, those of its members included");
            }
        }

        return members[id] = total;
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

namespace Bee.Ebpf;

/// <summary>
/// Checks every reference of a BTF section, and works out every size, so that no later reader can fail. What compilers write is checked
/// as strictly as the kernel does it. Of the kernel's own types, which newer kernels extend, only what readers here follow is checked.
/// </summary>
internal static class BtfCheck
{
    private const int MaxLength = int.MaxValue;

    public static void Check(BtfTable table, bool kernel)
    {
        var first = Math.Max(1, table.FirstId);
        for (var id = first; id < table.TypeCount; id++)
        {
            CheckReferences(table, id);
        }

        BtfSizes.Compute(table);
        BtfNesting.Check(table);
        if (!kernel)
        {
            for (var id = first; id < table.TypeCount; id++)
            {
                BtfRules.Check(table, id);
            }
        }
    }

    private static void CheckReferences(BtfTable table, uint id)
    {
        CheckName(table, id, table.NameOffset(id));
        var count = table.Count(id);
        switch (table.Kind(id))
        {
            case BtfKind.Pointer or BtfKind.Typedef or BtfKind.Const or BtfKind.Volatile or BtfKind.Restrict or BtfKind.TypeTag
                or BtfKind.Variable or BtfKind.DeclarationTag:
                CheckId(table, id, table.Target(id));
                break;
            case BtfKind.Array:
                CheckId(table, id, table.Extra(id, 0));
                CheckId(table, id, table.Extra(id, 1));
                if (table.Extra(id, 2) > MaxLength)
                {
                    throw BtfReader.Damaged($"type {id} is an array of {table.Extra(id, 2)} elements");
                }

                break;
            case BtfKind.Struct or BtfKind.Union:
                for (var i = 0; i < count; i++)
                {
                    CheckName(table, id, table.Extra(id, 3 * i));
                    CheckId(table, id, table.Extra(id, 3 * i + 1));
                }

                break;
            case BtfKind.Enum or BtfKind.Enum64:
                var words = table.Kind(id) == BtfKind.Enum ? 2 : 3;
                for (var i = 0; i < count; i++)
                {
                    CheckName(table, id, table.Extra(id, words * i));
                }

                break;
            case BtfKind.Function:
                CheckId(table, id, table.Target(id));
                if (table.Kind(table.Target(id)) != BtfKind.FunctionPrototype)
                {
                    throw BtfReader.Damaged($"function {id} has type {table.Target(id)}, which is no prototype");
                }

                break;
            case BtfKind.FunctionPrototype:
                CheckId(table, id, table.Target(id));
                for (var i = 0; i < count; i++)
                {
                    CheckName(table, id, table.Extra(id, 2 * i));
                    CheckId(table, id, table.Extra(id, 2 * i + 1));
                }

                break;
            case BtfKind.DataSection:
                for (var i = 0; i < count; i++)
                {
                    CheckId(table, id, table.Extra(id, 3 * i));
                }

                break;
        }
    }

    private static void CheckName(BtfTable table, uint id, uint offset)
    {
        if (offset >= table.StringsLength)
        {
            throw BtfReader.Damaged($"a name of type {id} lies outside the string table");
        }
    }

    private static void CheckId(BtfTable table, uint id, uint target)
    {
        if (target >= table.TypeCount)
        {
            throw BtfReader.Damaged($"type {id} refers to type {target}, and there are {table.TypeCount}");
        }
    }
}

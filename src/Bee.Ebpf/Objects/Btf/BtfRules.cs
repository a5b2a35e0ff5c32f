namespace Bee.Ebpf;

/// <summary>What a type from a compiler looks like, beyond references that lead somewhere; much as the kernel checks it.</summary>
internal static class BtfRules
{
    private const uint ReservedInfo = 0x60ff_0000;

    public static void Check(BtfTable table, uint id)
    {
        var kind = table.Kind(id);
        var flagged = kind is BtfKind.Struct or BtfKind.Union or BtfKind.Enum or BtfKind.Enum64 or BtfKind.Forward or BtfKind.DeclarationTag or BtfKind.TypeTag;
        var counted = kind is BtfKind.Struct or BtfKind.Union or BtfKind.Enum or BtfKind.Enum64 or BtfKind.FunctionPrototype or BtfKind.DataSection or BtfKind.Function;
        if ((table.Info(id) & ReservedInfo) != 0 || !flagged && table.Flag(id) || !counted && table.Count(id) != 0)
        {
            throw Bad(id, $"has the flags 0x{table.Info(id):x8}");
        }

        CheckName(table, id, kind);
        switch (kind)
        {
            case BtfKind.Int:
                CheckInt(table, id);
                break;
            case BtfKind.Float:
                Require(id, table.Target(id) is 2 or 4 or 8 or 12 or 16, "is a floating-point number of an unknown size");
                break;
            case BtfKind.Enum or BtfKind.Enum64:
                Require(id, table.Target(id) is 1 or 2 or 4 or 8, "is an enum of an unknown size");
                break;
            case BtfKind.Pointer or BtfKind.Typedef or BtfKind.Const or BtfKind.Volatile or BtfKind.Restrict or BtfKind.TypeTag:
                Require(id, !IsDeclaration(table.Kind(table.Target(id))), "refers to a declaration instead of a type");
                break;
            case BtfKind.Array:
                Require(id, IsValue(table, table.Extra(id, 0)), "is an array of what has no size");
                Require(id, table.Kind(table.Resolve(table.Extra(id, 1))) == BtfKind.Int, "is an array whose index is no integer");
                break;
            case BtfKind.Struct or BtfKind.Union:
                CheckMembers(table, id);
                break;
            case BtfKind.Function:
                Require(id, table.Count(id) <= 2, "is a function of an unknown linkage");
                break;
            case BtfKind.FunctionPrototype:
                CheckParameters(table, id);
                break;
            case BtfKind.Variable:
                Require(id, table.Extra(id, 0) <= 2 && !IsDeclaration(table.Kind(table.Target(id))), "is a variable of no type or of an unknown linkage");
                break;
            case BtfKind.DataSection:
                CheckEntries(table, id);
                break;
            case BtfKind.DeclarationTag:
                CheckTag(table, id);
                break;
        }
    }

    private static void CheckName(BtfTable table, uint id, BtfKind kind)
    {
        var named = table.NameOffset(id) != 0 && table.TextBytes(table.NameOffset(id)).Length != 0;
        switch (kind)
        {
            case BtfKind.Int or BtfKind.Float or BtfKind.Forward or BtfKind.Typedef or BtfKind.Function or BtfKind.Variable
                or BtfKind.DataSection or BtfKind.DeclarationTag or BtfKind.TypeTag:
                Require(id, named, "has no name");
                break;
            case BtfKind.Pointer or BtfKind.Array or BtfKind.Const or BtfKind.Volatile or BtfKind.Restrict or BtfKind.FunctionPrototype:
                Require(id, !named, "has a name where none may be");
                break;
        }
    }

    private static void CheckInt(BtfTable table, uint id)
    {
        var size = table.Target(id);
        var encoding = table.Extra(id, 0);
        var bits = encoding & 0xff;
        var offset = encoding >> 16 & 0xff;
        Require(id, size is 1 or 2 or 4 or 8 or 16 && bits > 0 && bits + offset <= 8 * size, "is an integer of an unknown size");
        Require(id, (encoding & 0xf000_ff00) == 0 && (encoding >> 24) is 0 or 1 or 2 or 3 or 4, "is an integer of an unknown encoding");
    }

    private static void CheckMembers(BtfTable table, uint id)
    {
        var bitfields = table.Flag(id);
        var union = table.Kind(id) == BtfKind.Union;
        var end = 8UL * table.Target(id);
        for (var i = 0; i < table.Count(id); i++)
        {
            var type = table.Extra(id, 3 * i + 1);
            var place = table.Extra(id, 3 * i + 2);
            ulong offset = bitfields ? place & 0xff_ffff : place;
            ulong bits = bitfields ? place >> 24 : 0;
            Require(id, IsValue(table, type), "has a member without a size");
            Require(id, !union || offset == 0, "is a union with a member that does not begin at 0");
            if (bits == 0)
            {
                // Bitfields of old compilers tell their bits in the type; all others begin at bytes.
                var old = table.Kind(table.Resolve(type)) == BtfKind.Int && !bitfields;
                Require(id, offset % 8 == 0 || old, "has a member that begins between two bytes");
                bits = offset % 8 == 0 ? 8UL * (uint)table.Size(type) : table.Extra(table.Resolve(type), 0) & 0xff;
            }
            else
            {
                var kind = table.Kind(table.Resolve(type));
                Require(id, kind is BtfKind.Int or BtfKind.Enum or BtfKind.Enum64 && bits <= 8UL * (uint)table.Size(type), "has a bitfield wider than its type");
            }

            Require(id, offset + bits <= end, "has a member that reaches beyond its end");
        }
    }

    private static void CheckParameters(BtfTable table, uint id)
    {
        Require(id, !IsDeclaration(table.Kind(table.Target(id))), "is a function that returns a declaration");
        for (var i = 0; i < table.Count(id); i++)
        {
            var type = table.Extra(id, 2 * i + 1);
            var variadic = type == 0 && i == table.Count(id) - 1 && table.Extra(id, 2 * i) == 0;
            Require(id, variadic || IsValue(table, type), "is a function with a parameter without a size");
        }
    }

    private static void CheckEntries(BtfTable table, uint id)
    {
        for (var i = 0; i < table.Count(id); i++)
        {
            var declaration = table.Extra(id, 3 * i);
            ulong offset = table.Extra(id, 3 * i + 1);
            ulong size = table.Extra(id, 3 * i + 2);
            Require(id, table.Kind(declaration) is BtfKind.Variable or BtfKind.Function, "is a section with something else than variables");
            Require(id, offset + size <= int.MaxValue && (table.Target(id) == 0 || offset + size <= table.Target(id)), "is a section with a variable outside it");
            Require(id, table.Kind(declaration) == BtfKind.Function || size >= (uint)table.Size(declaration), "is a section with a variable smaller than its type");
        }
    }

    private static void CheckTag(BtfTable table, uint id)
    {
        var target = table.Target(id);
        var component = (int)table.Extra(id, 0);
        var components = table.Kind(target) switch
        {
            BtfKind.Struct or BtfKind.Union => table.Count(target),
            BtfKind.Function => table.Count(table.Target(target)),
            BtfKind.Variable or BtfKind.Typedef => 0,
            _ => -2,
        };
        Require(id, component >= -1 && component < components || component == -1 && components >= 0, "is a tag of what cannot be tagged");
    }

    private static bool IsDeclaration(BtfKind kind) =>
        kind is BtfKind.Variable or BtfKind.DataSection or BtfKind.DeclarationTag or BtfKind.Function;

    private static bool IsValue(BtfTable table, uint id) =>
        table.Kind(table.Resolve(id)) is BtfKind.Int or BtfKind.Float or BtfKind.Pointer or BtfKind.Array or BtfKind.Struct or BtfKind.Union
            or BtfKind.Enum or BtfKind.Enum64;

    private static void Require(uint id, bool holds, string otherwise)
    {
        if (!holds)
        {
            throw Bad(id, otherwise);
        }
    }

    private static BpfObjectException Bad(uint id, string what) => BtfReader.Damaged($"type {id} {what}");
}

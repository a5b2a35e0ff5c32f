using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Btf;

/// <summary>
/// Validates every reference of a BTF section and computes every size, so that later readers cannot fail. BTF from compilers is validated
/// as strictly as the kernel does it. The kernel's own BTF, which newer kernels extend, is validated only where readers here follow it.
/// </summary>
internal static class BtfCheck
{
    public static void Check(BtfTable table, bool kernel)
    {
        var first = Math.Max(1, table.FirstId);
        for (var id = first; id < table.TypeCount; id++)
        {
            CheckReferences(table, id);
        }

        BtfSizes.Compute(table, kernel);
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
                    throw BtfReader.Damaged($"function {id} has type {table.Target(id)}, which is not a prototype");
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

/// <summary>Validates names, flags, sizes and members of types from a compiler, much as the kernel does. <see cref="BtfCheck"/> validates the references.</summary>
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
                Require(id, table.Target(id) is 2 or 4 or 8 or 12 or 16, "is a floating-point number of unsupported size");
                break;
            case BtfKind.Enum or BtfKind.Enum64:
                Require(id, table.Target(id) is 1 or 2 or 4 or 8, "is an enum of unsupported size");
                break;
            case BtfKind.Pointer or BtfKind.Typedef or BtfKind.Const or BtfKind.Volatile or BtfKind.Restrict or BtfKind.TypeTag:
                Require(id, !IsDeclaration(table.Kind(table.Target(id))), "refers to a declaration instead of a type");
                break;
            case BtfKind.Array:
                Require(id, IsValue(table, table.Extra(id, 0)), "is an array whose elements have no size");
                Require(id, table.Kind(table.Resolve(table.Extra(id, 1))) == BtfKind.Int, "is an array whose index is not an integer");
                break;
            case BtfKind.Struct or BtfKind.Union:
                CheckMembers(table, id);
                break;
            case BtfKind.Function:
                Require(id, table.Count(id) <= 2, "is a function of unknown linkage");
                break;
            case BtfKind.FunctionPrototype:
                CheckParameters(table, id);
                break;
            case BtfKind.Variable:
                Require(id, table.Extra(id, 0) <= 2 && !IsDeclaration(table.Kind(table.Target(id))), "is a variable without a type or of unknown linkage");
                Require(id, table.Size(table.Target(id)) < BtfSizes.Unbounded, "is a variable of 2 GiB or more");
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
                Require(id, !named, "has a name, which its kind must not have");
                break;
        }
    }

    private static void CheckInt(BtfTable table, uint id)
    {
        var size = table.Target(id);
        var encoding = table.Extra(id, 0);
        var bits = encoding & 0xff;
        var offset = encoding >> 16 & 0xff;
        Require(id, size is 1 or 2 or 4 or 8 or 16 && bits > 0 && bits + offset <= 8 * size, "is an integer of unsupported size");
        Require(id, (encoding & 0xf000_ff00) == 0 && (encoding >> 24) is 0 or 1 or 2 or 3 or 4, "is an integer of unsupported encoding");
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
                // Old compilers store a bitfield's position in its type. All other members begin at a byte.
                var old = table.Kind(table.Resolve(type)) == BtfKind.Int && !bitfields;
                Require(id, offset % 8 == 0 || old, "has a member that does not begin at a byte");
                bits = offset % 8 == 0 ? 8UL * (uint)table.Size(type) : table.Extra(table.Resolve(type), 0) & 0xff;
            }
            else
            {
                var kind = table.Kind(table.Resolve(type));
                Require(id, kind is BtfKind.Int or BtfKind.Enum or BtfKind.Enum64 && bits <= 8UL * (uint)table.Size(type), "has a bitfield wider than its type");
            }

            Require(id, offset + bits <= end, "has a member that extends beyond its end");
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
            Require(id, table.Kind(declaration) is BtfKind.Variable or BtfKind.Function, "is a section that contains something other than variables");
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
        Require(id, component >= -1 && component < components || component == -1 && components >= 0, "is a tag on a declaration that cannot have one");
    }

    private static bool IsDeclaration(BtfKind kind) =>
        kind is BtfKind.Variable or BtfKind.DataSection or BtfKind.DeclarationTag or BtfKind.Function;

    private static bool IsValue(BtfTable table, uint id) =>
        table.Size(id) < BtfSizes.Unbounded && table.Kind(table.Resolve(id)) is BtfKind.Int or BtfKind.Float or BtfKind.Pointer or BtfKind.Array or BtfKind.Struct or BtfKind.Union
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

/// <summary>Rejects structs that contain themselves, or so many others that a walk over their members would take too long.</summary>
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

    // Returns the number of members of a type, nested ones included (1 for a scalar), and its depth of nesting (0 for a scalar).
    private static (int Members, int Levels) Measure(BtfTable table, uint id, (int Members, int Levels)[] known, int depth)
    {
        id = Content(table, id);
        if (table.Kind(id) is not (BtfKind.Struct or BtfKind.Union))
        {
            return (1, 0);
        }

        if (known[id].Members == Underway || depth + known[id].Levels > MaxDepth)
        {
            throw BtfReader.Damaged($"struct {id} contains itself, or nests deeper than {MaxDepth} structs");
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
                throw BtfReader.Damaged($"struct {id} has more than {MaxMembers} members, nested ones included");
            }
        }

        return known[id] = (total, levels + 1);
    }

    // The type that arrays and aliases contain by value. BtfSizes has checked that their chains end.
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

/// <summary>Computes the size of every type.</summary>
internal static class BtfSizes
{
    // libbpf rejects chains of more than 32 references.
    private const int MaxChain = 32;
    private const int PointerSize = 8;

    /// <summary>The size of arrays of 2 GiB and more. They occur only behind pointers, where __uint() stores a number as an array's length.</summary>
    public const int Unbounded = int.MaxValue;

    public static void Compute(BtfTable table, bool kernel)
    {
        Span<uint> chain = stackalloc uint[MaxChain];
        for (var id = table.FirstId; id < table.TypeCount; id++)
        {
            if (table.Size(id) < 0)
            {
                Compute(table, id, chain, kernel);
            }
        }
    }

    // Walk down the chain of references to the first type of known size, then back up.
    private static void Compute(BtfTable table, uint id, Span<uint> chain, bool kernel)
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
            if (size > int.MaxValue && kernel)
            {
                throw BtfReader.Damaged($"type {above} is an array of more than 2 GiB");
            }

            size = Math.Min(size, Unbounded);
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

/// <summary>Computes the alignment of types.</summary>
internal static class BtfAlignment
{
    private const int Pointer = 8;

    /// <summary>Returns the alignment of a scalar or an array of scalars, in bytes; at least 1.</summary>
    public static int Of(BtfType type) => type.Resolve() switch
    {
        BtfArray array => Of(array.Element),
        BtfInt or BtfEnum or BtfFloat => Math.Clamp(type.Size, 1, Pointer),
        BtfPointer => Pointer,
        _ => 1,
    };
}

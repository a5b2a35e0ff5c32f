using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf.Records;

/// <summary>
/// Checks that a C# struct has the layout of a C type: each field by name, offset, size and signedness, and the size of the whole. Without a BTF type only the size of a key or value can be
/// checked, and of an event nothing. The offsets are those of the runtime itself: a field's bytes are set, and then looked for.
/// </summary>
internal sealed class StructCheck
{
    /// <summary>What trimming must keep of a struct.</summary>
    public const DynamicallyAccessedMemberTypes Fields = DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.NonPublicFields;

    private readonly string _map;
    private readonly string _part;
    private readonly Type _root;
    private readonly object _ones;
    private readonly Func<object, byte[]> _bytesOf;

    // The root with all bits set, and a function that returns the bytes of a boxed root.
    private StructCheck(string map, string part, Type root, object ones, Func<object, byte[]> bytesOf) =>
        (_map, _part, _root, _ones, _bytesOf) = (map, part, root, ones, bytesOf);

    /// <summary>Checks the events of a ring buffer or perf event array.</summary>
    /// <exception cref="BpfMapException">The struct has another layout.</exception>
    public static void Event<[DynamicallyAccessedMembers(Fields)] T>(MapDescription map)
        where T : unmanaged => Check<T>(map.Name, "event", map.Value, null);

    /// <summary>Checks the keys of a map.</summary>
    /// <exception cref="BpfMapException">The type has another layout.</exception>
    public static void Key<[DynamicallyAccessedMembers(Fields)] T>(MapDescription map)
        where T : unmanaged => Check<T>(map.Name, "key", map.Key, (int)map.KeySize);

    /// <summary>Checks the values of a map; of a per-CPU map, one CPU's.</summary>
    /// <exception cref="BpfMapException">The type has another layout.</exception>
    public static void Value<[DynamicallyAccessedMembers(Fields)] T>(MapDescription map)
        where T : unmanaged => Check<T>(map.Name, "value", map.Value, (int)map.ValueSize);

    /// <summary>Returns the least size of a record: of a struct that ends in a flexible array, the offset of that, which may be inside the padding that C's sizeof counts.</summary>
    public static int LeastSize(BtfType type) =>
        type.Resolve() is BtfStruct { IsUnion: false, Members: [.., { BitSize: 0 } last] } && last.Type.Resolve() is BtfArray { Length: 0 } ? last.BitOffset / 8 : type.Size;

    private static void Check<[DynamicallyAccessedMembers(Fields)] T>(string map, string part, BtfType? type, int? size)
        where T : unmanaged
    {
        T ones = default;
        MemoryMarshal.AsBytes(new Span<T>(ref ones)).Fill(byte.MaxValue);
        var check = new StructCheck(map, part, typeof(T), ones, static box => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(ref Unsafe.Unbox<T>(box))).ToArray());
        if (type is not null and not BtfVoid and not BtfDataSection)
        {
            check.Compare([], type, 0);
        }

        if (type is { Size: > 0 } && type.Size != Unsafe.SizeOf<T>())
        {
            throw check.WrongSize(type, type.Size, Unsafe.SizeOf<T>());
        }

        // The kernel copies as many bytes as the map was created with, whatever the type says.
        if (size is { } expected && expected != Unsafe.SizeOf<T>())
        {
            throw check.WrongSize(null, expected, Unsafe.SizeOf<T>());
        }
    }

    // Compares the type at the end of a path of fields; the empty path is the whole.
    private void Compare(FieldInfo[] path, BtfType type, int offset)
    {
        var clr = path.Length == 0 ? _root : path[^1].FieldType;
        var bare = type.Resolve();
        if (ArrayOf(path, clr) is { } array)
        {
            CompareArray(path, array.Element, array.Count, bare, type, offset);
            return;
        }

        if (LeafSize(clr) is { } size)
        {
            CompareLeaf(path, clr, size, type, bare, offset);
            return;
        }

        if (bare is not BtfStruct aggregate)
        {
            throw Mismatch(path, clr, type, $"is {ClrName(clr)}, a struct, where the C type is {type} ({Quantity.Of(type.Size, "byte")} at offset {offset})", Declaration(path, type));
        }

        foreach (var field in InstanceFields(clr))
        {
            var name = NameOf(field);
            if (Find(aggregate, name, field.IsDefined(typeof(BpfFieldAttribute))) is not { } member)
            {
                if (name.StartsWith('_') && !field.IsDefined(typeof(BpfFieldAttribute)))
                {
                    continue;
                }

                throw Missing([.. path, field], name, aggregate, type);
            }

            if (member.BitSize > 0)
            {
                // A field such as _bits holds the storage of bit fields.
                if (name.StartsWith('_'))
                {
                    continue;
                }

                throw Mismatch([.. path, field], field.FieldType, type, $"mirrors the bit field '{member.Name}' of {type} ({Quantity.Of(member.BitSize, "bit")}), which a C# field cannot",
                    $"Declare the bytes that hold the bits as a field whose name begins with an underscore, and shift and mask the bits at bit offset {member.BitOffset}.");
            }

            Compare([.. path, field], member.Type, offset + member.BitOffset / 8);
        }
    }

    private void CompareArray(FieldInfo[] path, Type element, int count, BtfType bare, BtfType type, int offset)
    {
        var (leaf, total) = (element, count);
        FieldInfo[] inner = [.. path, ElementField(path.Length == 0 ? _root : path[^1].FieldType)];
        while (leaf.GetCustomAttribute<InlineArrayAttribute>() is { } more)
        {
            inner = [.. inner, ElementField(leaf)];
            (leaf, total) = (inner[^1].FieldType, total * more.Length);
        }

        CheckOffset(path, type, offset);
        if (leaf == typeof(byte) && total == type.Size)
        {
            return;
        }

        var (expected, length) = (type, 1);
        while (expected.Resolve() is BtfArray deeper)
        {
            (expected, length) = (deeper.Element, length * deeper.Length);
        }

        if (bare is not BtfArray || length != total)
        {
            throw Mismatch(path, element, type, $"is an array of {total} {ClrName(leaf)} where the C type is {type} ({Quantity.Of(type.Size, "byte")} at offset {offset})", Declaration(path, type));
        }

        if (LeafSize(leaf) is { } size)
        {
            CompareLeaf(path, leaf, size, expected, expected.Resolve(), offset);
        }
        else
        {
            Compare(inner, expected, offset);
            if (FoundSize(inner) is var stride && stride != expected.Size)
            {
                throw Mismatch(path, leaf, type, $"is an array of {ClrName(leaf)} with {Quantity.Of(stride, "byte")}; an element of the C type {type} has {Quantity.Of(expected.Size, "byte")}",
                    $"Write [StructLayout(LayoutKind.Sequential, Size = {expected.Size})] before {ClrName(leaf)}, or declare all members of {expected}.");
            }
        }
    }

    private void CompareLeaf(FieldInfo[] path, Type clr, int size, BtfType type, BtfType bare, int offset)
    {
        if (clr == typeof(bool) || clr == typeof(char))
        {
            throw Mismatch(path, clr, type, $"is {ClrName(clr)}, and a program may send bytes that are not a valid {ClrName(clr)}", Declaration(path, type));
        }

        var signed = IsSigned(clr);
        var fits = bare switch
        {
            // Clang's char is signed, and text is read as bytes.
            BtfInt { Size: 1 } or BtfEnum or BtfPointer => signed is not null || clr.IsPointer,
            BtfInt integer => signed == integer.IsSigned,
            BtfFloat => clr == typeof(float) || clr == typeof(double),
            _ => false,
        };
        var found = path.Length == 0 ? 0 : FoundOffset(path);
        if (!fits || size != bare.Size || found != offset)
        {
            throw Mismatch(
                path, clr, type, $"is {ClrName(clr)} at offset {found} with {Quantity.Of(size, "byte")}; the C type is {type} at offset {offset} with {Quantity.Of(bare.Size, "byte")}{SignText(bare, signed)}",
                Declaration(path, type) + (found != offset && path.Length > 0 ? $" The fields before it must end at offset {offset}, or set it with [FieldOffset({offset})] in a [StructLayout(LayoutKind.Explicit)] struct." : ""));
        }
    }

    private void CheckOffset(FieldInfo[] path, BtfType type, int offset)
    {
        if (path.Length > 0 && FoundOffset(path) is var found && found != offset)
        {
            throw Mismatch(path, path[^1].FieldType, type, $"is at offset {found}; the C type is {type} at offset {offset} with {Quantity.Of(type.Size, "byte")}",
                $"{Declaration(path, type)} The fields before it must end at offset {offset}, or set it with [FieldOffset({offset})] in a [StructLayout(LayoutKind.Explicit)] struct.");
        }
    }

    // Sets all bits of the first leaf below a field, and looks where they are in the whole.
    private int FoundOffset(FieldInfo[] path)
    {
        var full = path.ToList();
        while (LeafSize(full[^1].FieldType) is null)
        {
            full.Add(ElementField(full[^1].FieldType));
        }

        return BytesOf(full, AllOnes(full[^1].FieldType)).AsSpan().IndexOfAnyExcept((byte)0);
    }

    // Copies a field with all bits set, padding included, into an empty root, and counts the bytes that are set there.
    private int FoundSize(FieldInfo[] path) => BytesOf(path, path.Aggregate(_ones, static (holder, field) => field.GetValue(holder)!)).Count(static b => b != 0);

    // The bytes of a root in which only one field is set.
    private byte[] BytesOf(IReadOnlyList<FieldInfo> path, object value)
    {
        for (var i = path.Count - 1; i >= 0; i--)
        {
            var holder = RuntimeHelpers.GetUninitializedObject(i == 0 ? _root : path[i - 1].FieldType);
            path[i].SetValue(holder, value);
            value = holder;
        }

        return _bytesOf(value);
    }

    private BpfMapException Missing(FieldInfo[] path, string name, BtfStruct aggregate, BtfType type)
    {
        var names = Members(aggregate, 0).Select(member => member.Name).ToList();
        var near = Suggest.Nearest(name, names, 1);
        return new BpfMapException(
            MapFault.TypeMismatch, _map, $"{PathText(path)} does not match the {_part} of map '{_map}': {type} has no member '{name}'{(near.Count > 0 ? $" ('{near[0]}'?)" : "")}.",
            $"Its members are {string.Join(", ", names)}. Name the member with [BpfField(\"{(near.Count > 0 ? near[0] : "name")}\")], or begin the field's name with an underscore if it is padding.");
    }

    private BpfMapException WrongSize(BtfType? type, int expected, int found)
    {
        var missing = type?.Resolve() is BtfStruct aggregate && LeafSize(_root) is null
            ? Members(aggregate, 0).Where(member => !InstanceFields(_root).Any(field => SameName(NameOf(field), member.Name))).Select(member => $"{member.Name} ({member.Type} at offset {member.BitOffset / 8})").ToList()
            : [];
        return new BpfMapException(
            MapFault.TypeMismatch, _map, $"{ClrName(_root)} does not match the {_part} of map '{_map}': it has {Quantity.Of(found, "byte")}, and {(type is null ? $"the {_part}" : type)} has {Quantity.Of(expected, "byte")}.",
            type?.Resolve() is BtfStruct ? $"{(missing.Count > 0 ? $"Declare the members that it lacks: {string.Join(", ", missing)}; or write" : "Write")} [StructLayout(LayoutKind.Sequential, Size = {expected})]." : type is null ? null : Declaration([], type));
    }

    private BpfMapException Mismatch(FieldInfo[] path, Type clr, BtfType type, string what, string remedy) =>
        new(MapFault.TypeMismatch, _map, $"{(path.Length == 0 ? ClrName(clr) : PathText(path))} does not match the {_part} of map '{_map}': it {what}.", remedy);

    private string PathText(FieldInfo[] path) => $"{ClrName(_root)}.{string.Join('.', path.Select(Display))}";

    private static string Display(FieldInfo field) => field.Name is ['<', .. var rest] ? rest[..rest.IndexOf('>')] : field.Name;

    // What to write for a C type.
    private static string Declaration(FieldInfo[] path, BtfType type)
    {
        var name = path.Length > 0 ? Display(path[^1]) : null;
        var bare = type.Resolve();
        if (ScalarName(bare) is { } scalar)
        {
            return name is null ? $"Use {scalar}." : $"Write: public {scalar} {name};";
        }

        if (bare is BtfArray array)
        {
            return ScalarName(array.Element.Resolve()) is { } element
                ? $"Write: public fixed {element} {name ?? "Bytes"}[{array.Length}]; or use an [InlineArray({array.Length})] struct of {element}."
                : $"Use an [InlineArray({array.Length})] struct of a struct like {array.Element}.";
        }

        return bare is BtfStruct aggregate ? $"Use a struct with the members of {type}: {string.Join(", ", Members(aggregate, 0).Select(member => member.Name))}; or [InlineArray({type.Size})] of byte." : $"Use [InlineArray({type.Size})] of byte.";
    }

    private static string? ScalarName(BtfType bare) => bare switch
    {
        BtfInt { Size: 1, IsBool: false, IsSigned: true, Name: not "char" } => "sbyte",
        BtfInt { Size: 1 } => "byte",
        BtfInt { Size: 2 } integer => integer.IsSigned ? "short" : "ushort",
        BtfInt { Size: 4 } integer => integer.IsSigned ? "int" : "uint",
        BtfInt { Size: 8 } integer => integer.IsSigned ? "long" : "ulong",
        BtfInt { Size: 16 } integer => integer.IsSigned ? "Int128" : "UInt128",
        BtfEnum { Size: 1 } => "byte",
        BtfEnum { Size: 2 } => "ushort",
        BtfEnum { Size: 4 } number => number.IsSigned ? "int" : "uint",
        BtfEnum number => number.IsSigned ? "long" : "ulong",
        BtfPointer => "ulong",
        BtfFloat { Size: 4 } => "float",
        BtfFloat { Size: 8 } => "double",
        _ => null,
    };

    private static string SignText(BtfType bare, bool? signed) => bare is BtfInt integer && signed is { } sign && sign != integer.IsSigned ? integer.IsSigned ? ", signed" : ", unsigned" : "";

    private static BtfMember? Find(BtfStruct aggregate, string name, bool exact)
    {
        var members = Members(aggregate, 0).ToList();
        return members.Find(member => member.Name == name) ?? (exact ? null : members.Find(member => SameName(name, member.Name)));
    }

    private static bool SameName(string field, string member) => Plain(field).Equals(Plain(member), StringComparison.OrdinalIgnoreCase);

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal);

    // Anonymous structs and unions lend their members to the struct around them.
    private static IEnumerable<BtfMember> Members(BtfStruct aggregate, int bits)
    {
        foreach (var member in aggregate.Members)
        {
            if (member.Name.Length > 0)
            {
                yield return member with { BitOffset = member.BitOffset + bits };
            }
            else if (member.Type.Resolve() is BtfStruct anonymous)
            {
                foreach (var inner in Members(anonymous, bits + member.BitOffset))
                {
                    yield return inner;
                }
            }
        }
    }

    private static string NameOf(FieldInfo field) => field.GetCustomAttribute<BpfFieldAttribute>()?.Name ?? Display(field);

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "The fields of a struct that is used are kept.")]
    private static FieldInfo[] InstanceFields(Type type) => type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);

    // Native AOT keeps no field of a nested struct unless the program asks for it.
    private static FieldInfo ElementField(Type type) => InstanceFields(type) is [var first, ..] ? first : throw new NotSupportedException(
        $"The fields of {type.Name} were trimmed from the program, so its layout cannot be checked. Keep them: [DynamicDependency(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.NonPublicFields, typeof({type.Name}))] on the method that opens the events or the map.");

    private static (Type Element, int Count)? ArrayOf(FieldInfo[] path, Type type)
    {
        if (type.GetCustomAttribute<InlineArrayAttribute>() is { } inline)
        {
            return (ElementField(type).FieldType, inline.Length);
        }

        return path.Length > 0 && path[^1].GetCustomAttribute<FixedBufferAttribute>() is { } buffer ? (buffer.ElementType, buffer.Length) : null;
    }

    private static int? LeafSize(Type type) => type.IsEnum ? LeafSize(Enum.GetUnderlyingType(type))
        : type.IsPointer || type.IsFunctionPointer || type == typeof(nint) || type == typeof(nuint) ? 8
        : type == typeof(Int128) || type == typeof(UInt128) ? 16
        : Type.GetTypeCode(type) switch
        {
            TypeCode.Boolean or TypeCode.SByte or TypeCode.Byte => 1,
            TypeCode.Char or TypeCode.Int16 or TypeCode.UInt16 => 2,
            TypeCode.Int32 or TypeCode.UInt32 or TypeCode.Single => 4,
            TypeCode.Int64 or TypeCode.UInt64 or TypeCode.Double => 8,
            _ => null,
        };

    private static bool? IsSigned(Type type) => type.IsEnum ? IsSigned(Enum.GetUnderlyingType(type))
        : type == typeof(nint) || type == typeof(Int128) ? true
        : type == typeof(nuint) || type == typeof(UInt128) ? false
        : Type.GetTypeCode(type) switch
        {
            TypeCode.SByte or TypeCode.Int16 or TypeCode.Int32 or TypeCode.Int64 => true,
            TypeCode.Byte or TypeCode.UInt16 or TypeCode.UInt32 or TypeCode.UInt64 => false,
            _ => null,
        };

    private static unsafe object AllOnes(Type type) => type.IsEnum ? Enum.ToObject(type, AllOnes(Enum.GetUnderlyingType(type)))
        : type.IsPointer ? Pointer.Box((void*)-1, type)
        : type == typeof(nint) || type.IsFunctionPointer ? (nint)(-1)
        : type == typeof(nuint) ? nuint.MaxValue
        : type == typeof(Int128) ? Int128.NegativeOne
        : type == typeof(UInt128) ? UInt128.MaxValue
        : Type.GetTypeCode(type) switch
        {
            TypeCode.Boolean => true,
            TypeCode.Char => char.MaxValue,
            TypeCode.SByte => (sbyte)-1,
            TypeCode.Byte => byte.MaxValue,
            TypeCode.Int16 => (short)-1,
            TypeCode.UInt16 => ushort.MaxValue,
            TypeCode.Int32 => -1,
            TypeCode.UInt32 => uint.MaxValue,
            TypeCode.Single => BitConverter.Int32BitsToSingle(-1),
            TypeCode.Int64 => -1L,
            TypeCode.UInt64 => ulong.MaxValue,
            _ => BitConverter.Int64BitsToDouble(-1),
        };

    private static string ClrName(Type type) => type.IsEnum || type.IsPointer ? type.Name : Type.GetTypeCode(type) switch
    {
        TypeCode.Boolean => "bool",
        TypeCode.Char => "char",
        TypeCode.SByte => "sbyte",
        TypeCode.Byte => "byte",
        TypeCode.Int16 => "short",
        TypeCode.UInt16 => "ushort",
        TypeCode.Int32 => "int",
        TypeCode.UInt32 => "uint",
        TypeCode.Single => "float",
        TypeCode.Int64 => "long",
        TypeCode.UInt64 => "ulong",
        TypeCode.Double => "double",
        _ => type.Name,
    };
}

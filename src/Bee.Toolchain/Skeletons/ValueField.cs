using Bee.Ebpf;

namespace Bee.Toolchain;

/// <summary>Makes fields of values of the kernel's types.</summary>
internal static class ValueField
{
    // Names that every skeleton's struct has already.
    private static readonly HashSet<string> Taken = ["at", "pid", "comm"];

    /// <summary>A name that no other field has: what the kernel calls pid may be another process than the one that runs.</summary>
    public static string FreeName(string name) => Taken.Contains(name) ? $"its_{name}" : name;

    /// <summary>The field for a value that C can copy: an integer, an enum or a pointer. Null for others.</summary>
    /// <param name="name">The value's name.</param>
    /// <param name="type">Its type.</param>
    /// <param name="expression">C that gives the value.</param>
    public static SkeletonField? Scalar(string name, BtfType type, string expression) => type.Resolve() switch
    {
        BtfPointer => Pointer(name, expression),
        BtfEnum { Name.Length: 0 } or BtfInt { Size: > 8 } => null,
        BtfInt or BtfEnum => new SkeletonField($"{Spell(type)} {FreeName(name)}", $"@ = {expression};", null, type.Size),
        _ => null,
    };

    /// <summary>The field for a pointer as a number, shown in hex.</summary>
    public static SkeletonField Pointer(string name, string expression)
        => new($"const void *{FreeName(name)}", $"@ = (const void *){expression};", null, 8);

    // As vmlinux.h has it: the type without const, but under its typedef.
    private static string Spell(BtfType type)
    {
        while (type is BtfModifier modifier)
        {
            type = modifier.Target;
        }

        return type is BtfInt { IsBool: true } ? "bool" : type.ToString();
    }
}

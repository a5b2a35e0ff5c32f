using Bee.Ebpf.Btf;

namespace Bee.Toolchain;

/// <summary>Makes fields of values of the kernel's types.</summary>
internal static class ValueField
{
    /// <summary>The field for a value that C can copy: an integer, an enum or a pointer. Null for others.</summary>
    /// <param name="name">The field's name.</param>
    /// <param name="type">The value's type.</param>
    /// <param name="expression">C that gives the value.</param>
    public static SkeletonField? Scalar(string name, BtfType type, string expression) => type.Resolve() switch
    {
        BtfPointer => Pointer(name, expression),
        BtfEnum { Name.Length: 0 } or BtfInt { Size: > 8 } => null,
        BtfInt or BtfEnum => new SkeletonField($"{Spell(type)} {name}", $"@ = {expression};", null, type.Size),
        _ => null,
    };

    /// <summary>The field for a pointer as a number, shown in hex.</summary>
    public static SkeletonField Pointer(string name, string expression)
        => new($"const void *{name}", $"@ = (const void *){expression};", null, sizeof(ulong));

    /// <summary>The field for text that the kernel or the process has somewhere.</summary>
    /// <param name="name">The field's name.</param>
    /// <param name="read">The helper that reads it: of the kernel's memory or the process's.</param>
    /// <param name="address">C that gives its address.</param>
    public static SkeletonField Text(string name, string read, string address)
        => new($"char {name}[{FieldList.StringSize}]", $"{read}(@, sizeof(@), {address});", "cut where it is longer", FieldList.StringSize);

    /// <summary>A type as vmlinux.h has it: without const, but under its typedef.</summary>
    public static string Spell(BtfType type)
    {
        while (type is BtfModifier modifier)
        {
            type = modifier.Target;
        }

        return type is BtfInt { IsBool: true } ? "bool" : type.ToString();
    }
}

using System.Reflection;
using System.Reflection.Emit;

namespace Bee.Ebpf;

/// <summary>Emits CLR enums for C enums.</summary>
internal static class EnumEmitter
{
    public static Type Emit(ModuleBuilder module, EnumShape shape, Func<string> name)
    {
        var made = Emit(module, shape, shape.Values, name());

        // Of two names for one value .NET shows one of its own choice, but the first declared is the one that people know
        // (X_LAST and X_MAX come behind). Where the choice is another, the names behind the first are left out.
        if (shape.Values.All(v => System.Enum.GetName(made, Number(shape.Kind, v.Value)) == First(shape, v.Value)))
        {
            return made;
        }

        return Emit(module, shape, shape.Values.DistinctBy(v => v.Value).ToList(), name());
    }

    /// <summary>A value as an object of the enum's underlying type.</summary>
    public static object Number(NumberKind kind, long value) => unchecked(kind switch
    {
        NumberKind.Int8 => (sbyte)value,
        NumberKind.UInt8 => (byte)value,
        NumberKind.Int16 => (short)value,
        NumberKind.UInt16 => (ushort)value,
        NumberKind.Int32 => (int)value,
        NumberKind.UInt32 => (uint)value,
        NumberKind.Int64 => value,
        _ => (object)(ulong)value,
    });

    private static string First(EnumShape shape, long value) => FieldName(shape.Values.First(v => v.Value == value).Name);

    // The CLR keeps the number itself under this name.
    private static string FieldName(string name) => name == "value__" ? "value___2" : name;

    private static Type Emit(ModuleBuilder module, EnumShape shape, IReadOnlyList<(string Name, long Value)> values, string name)
    {
        var builder = module.DefineEnum(name, TypeAttributes.Public, Numbers.ClrType(shape.Kind));
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (member, value) in values)
        {
            if (member.Length > 0 && used.Add(FieldName(member)))
            {
                builder.DefineLiteral(FieldName(member), Number(shape.Kind, value));
            }
        }

        if (shape.IsFlags)
        {
            builder.SetCustomAttribute(new CustomAttributeBuilder(typeof(FlagsAttribute).GetConstructor(Type.EmptyTypes)!, []));
        }

        return builder.CreateType();
    }
}

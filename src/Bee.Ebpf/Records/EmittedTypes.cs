using System.Reflection;
using System.Reflection.Emit;
using System.Text;

namespace Bee.Ebpf.Records;

/// <summary>
/// All types that this process has emitted. They are in one dynamic assembly that is never unloaded: objects may outlive their session, and a tool that is loaded again reuses its types.
/// </summary>
internal static class EmittedTypes
{
    private static readonly object s_lock = new();
    private static readonly Dictionary<string, Type> s_made = [];
    private static readonly Dictionary<string, Lazy<IReadOnlyList<RecordField>>> s_described = [];
    // The key of each class without its extra properties.
    private static readonly Dictionary<Type, string> s_plain = [];
    private static readonly ConstructorInfo s_defaultMember = typeof(DefaultMemberAttribute).GetConstructor([typeof(string)])!;
    private static readonly HashSet<string> s_names = new(StringComparer.OrdinalIgnoreCase);
    private static readonly ModuleBuilder s_module = AssemblyBuilder
        .DefineDynamicAssembly(new AssemblyName("Bee.Events"), AssemblyBuilderAccess.Run)
        .DefineDynamicModule("Bee.Events");

    /// <summary>Returns the class for a plan.</summary>
    public static Type Class(TypePlan plan)
    {
        var key = plan.Key;
        lock (s_lock)
        {
            if (Find(key) is { } known)
            {
                return known;
            }

            var made = Keep(key, new TypeEmitter(s_module, plan, Name(plan.Label, key)).Emit());
            s_described[made.FullName!] = new(() => RecordFields.Of(plan));
            s_plain[made] = plan.PlainKey;
            return made;
        }
    }

    /// <summary>Returns whether objects of two classes hold the same bytes: the classes differ in extra properties at most.</summary>
    public static bool HoldSameBytes(Type one, Type other)
    {
        lock (s_lock)
        {
            return one == other || (s_plain.TryGetValue(one, out var key) && s_plain.GetValueOrDefault(other) == key);
        }
    }

    /// <summary>Returns the fields of an emitted class by its full name; null for other classes.</summary>
    public static IReadOnlyList<RecordField>? Fields(string typeName)
    {
        lock (s_lock)
        {
            return s_described.GetValueOrDefault(typeName)?.Value;
        }
    }

    /// <summary>Returns the CLR enum for a C enum.</summary>
    public static Type Enum(EnumShape shape)
    {
        lock (s_lock)
        {
            return Find(shape.Key) ?? Keep(shape.Key, EnumEmitter.Emit(s_module, shape, () => Name(shape.Label, shape.Key)));
        }
    }

    /// <summary>Returns a class that the caller emits.</summary>
    /// <param name="key">A key that is the same for equal types only.</param>
    /// <param name="label">The beginning of the name.</param>
    /// <param name="emit">Emits the class into a module, with a name.</param>
    /// <param name="fields">The fields that the class adds to its base; null if it stands for another class.</param>
    public static Type Other(string key, string label, Func<ModuleBuilder, string, Type> emit, IReadOnlyList<RecordField>? fields = null)
    {
        lock (s_lock)
        {
            if (Find(key) is { } known)
            {
                return known;
            }

            var made = Keep(key, emit(s_module, Name(label, key)));
            if (fields is not null)
            {
                s_described[made.FullName!] = new(fields);
            }

            return made;
        }
    }

    /// <summary>Returns a value type without fields, of a given size and aligned to one byte.</summary>
    public static Type Bytes(int size)
    {
        var name = $"Bee.Events.Bytes{size}";
        lock (s_lock)
        {
            return Find(name) ?? Keep(name, s_module.DefineType(
                name, TypeAttributes.NotPublic | TypeAttributes.Sealed | TypeAttributes.SequentialLayout, typeof(ValueType), PackingSize.Size1, size).CreateType());
        }
    }

    /// <summary>
    /// Hides the indexer of <see cref="BpfEvent"/> from dynamic callers such as scripts. A script host would call it for <c>$event[0]</c>, which must return the object itself, as for every object that is not a list.
    /// </summary>
    public static void HideIndexer(TypeBuilder type) => type.SetCustomAttribute(s_defaultMember, [1, 0, 1, (byte)'.', 0, 0]);

    private static Type? Find(string key) => s_made.GetValueOrDefault(key);

    private static Type Keep(string key, Type type)
    {
        s_made.Add(key, type);
        return type;
    }

    // Eight digits of the key usually make the name unique; otherwise take more.
    private static string Name(string label, string key)
    {
        var clean = new StringBuilder("Bee.Events.");
        foreach (var c in label.Length == 0 ? "anonymous" : label)
        {
            clean.Append(char.IsAsciiLetterOrDigit(c) || c == '_' ? c : '_');
        }

        for (var digits = 8; ; digits++)
        {
            var name = $"{clean}_{key.AsSpan(0, Math.Min(digits, key.Length))}";
            if (s_names.Add(name))
            {
                return name;
            }

            if (digits >= key.Length)
            {
                clean.Append('_');
            }
        }
    }
}

/// <summary>Emits CLR enums for C enums.</summary>
internal static class EnumEmitter
{
    public static Type Emit(ModuleBuilder module, EnumShape shape, Func<string> name)
    {
        var made = Emit(module, shape, shape.Values, name());

        // If several names have one value, .NET formats it with any of them, but the first declared name is the usual one (X_LAST and X_MAX follow it). If .NET picks another, emit only the
        // first name of each value.
        if (shape.Values.All(v => System.Enum.GetName(made, Number(shape.Kind, v.Value)) == First(shape, v.Value)))
        {
            return made;
        }

        return Emit(module, shape, shape.Values.DistinctBy(v => v.Value).ToList(), name());
    }

    /// <summary>Returns a value as an object of the enum's underlying type.</summary>
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

    // The CLR reserves this name for the underlying field.
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

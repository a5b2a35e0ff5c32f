using System.Reflection;
using System.Reflection.Emit;
using System.Text;

namespace Bee.Ebpf;

/// <summary>
/// All types that were emitted in this process. They live in one dynamic assembly that is never unloaded: an object in somebody's
/// variable needs its type for as long as it is there, and a program started again finds its types made.
/// </summary>
internal static class EmittedTypes
{
    private static readonly object s_lock = new();
    private static readonly Dictionary<string, Type> s_made = [];
    private static readonly Dictionary<string, Lazy<IReadOnlyList<RecordField>>> s_described = [];
    private static readonly HashSet<string> s_names = new(StringComparer.OrdinalIgnoreCase);
    private static readonly ModuleBuilder s_module = AssemblyBuilder
        .DefineDynamicAssembly(new AssemblyName("Bee.Events"), AssemblyBuilderAccess.Run)
        .DefineDynamicModule("Bee.Events");

    /// <summary>The class for a plan.</summary>
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
            return made;
        }
    }

    /// <summary>The fields of a class that was made here, by its full name; null for any other.</summary>
    public static IReadOnlyList<RecordField>? Fields(string typeName)
    {
        lock (s_lock)
        {
            return s_described.GetValueOrDefault(typeName)?.Value;
        }
    }

    /// <summary>The CLR enum for a C enum.</summary>
    public static Type Enum(EnumShape shape)
    {
        lock (s_lock)
        {
            return Find(shape.Key) ?? Keep(shape.Key, EnumEmitter.Emit(s_module, shape, () => Name(shape.Label, shape.Key)));
        }
    }

    /// <summary>A class that something else emits.</summary>
    /// <param name="key">A text that is equal exactly for types that are alike.</param>
    /// <param name="label">What its name begins with.</param>
    /// <param name="emit">Makes it in a module, under a name.</param>
    /// <param name="fields">The fields that it has beside those of its base; null where it stands for another class.</param>
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

    /// <summary>A value type without fields that takes so many bytes, aligned to one.</summary>
    public static Type Bytes(int size)
    {
        var name = $"Bee.Events.Bytes{size}";
        lock (s_lock)
        {
            return Find(name) ?? Keep(name, s_module.DefineType(
                name, TypeAttributes.NotPublic | TypeAttributes.Sealed | TypeAttributes.SequentialLayout, typeof(ValueType), PackingSize.Size1, size).CreateType());
        }
    }

    private static Type? Find(string key) => s_made.GetValueOrDefault(key);

    private static Type Keep(string key, Type type)
    {
        s_made.Add(key, type);
        return type;
    }

    // Eight digits of the key tell most types apart; more are taken where they do not.
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

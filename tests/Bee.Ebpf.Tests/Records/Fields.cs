using System.Collections;
using System.Globalization;
using System.Reflection;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Records;

/// <summary>Reads properties of emitted objects by name, case-sensitively.</summary>
internal static class Fields
{
    /// <summary>Returns the value at a path such as <c>pts[1].x</c>.</summary>
    public static object? Get(this object record, string path)
    {
        object? value = record;
        foreach (var step in path.Replace("[", ".[", StringComparison.Ordinal).Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            value = step[0] == '['
                ? ((IList)value!)[int.Parse(step[1..^1], CultureInfo.InvariantCulture)]
                : (value!.GetType().GetProperty(step, BindingFlags.Public | BindingFlags.Instance) ?? throw new MissingMemberException(value.GetType().FullName, step)).GetValue(value);
        }

        return value;
    }

    /// <summary>An array of small integers.</summary>
    public static int[] Ints(this object record, string name) =>
        ((IEnumerable)record.Get(name)!).Cast<object>().Select(n => Convert.ToInt32(n, CultureInfo.InvariantCulture)).ToArray();

    public static string[] Names(this IRecordShape shape) => shape.Fields.Select(f => f.Name).ToArray();
}

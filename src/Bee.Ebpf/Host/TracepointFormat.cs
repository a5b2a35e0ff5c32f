using Bee.Posix;

namespace Bee.Ebpf.Host;

/// <summary>A field of a tracepoint's record, as the kernel's format file declares it.</summary>
/// <param name="Type">The type in C, such as <c>const char *</c>; without the array's length.</param>
/// <param name="Name">The field's name.</param>
/// <param name="IsDataLocation">True where the value stands behind the record, and the field says where.</param>
public sealed record FormatField(string Type, string Name, bool IsDataLocation);

/// <summary>Reads what the kernel says of a tracepoint's record.</summary>
public static class TracepointFormat
{
    private const string Field = "field:", DataLocation = "__data_loc ";

    /// <summary>Reads the fields that are the tracepoint's own.</summary>
    /// <param name="group">The group, such as <c>sched</c>.</param>
    /// <param name="name">The tracepoint, such as <c>sched_switch</c>.</param>
    /// <returns>The fields in order; empty where there is no such tracepoint, or where the user may not look (tracefs is root's).</returns>
    public static IReadOnlyList<FormatField> Read(string group, string name)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(name);
        try
        {
            return Tracefs.Root is { } root && IsName(group) && IsName(name)
                ? [.. RegularFile.ReadLines(Path.Combine(root, "events", group, name, "format")).Select(Parse).OfType<FormatField>().Where(f => !f.Name.StartsWith("common_", StringComparison.Ordinal))]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // "	field:const char * filename;	offset:24;	size:8;	signed:0;"
    private static FormatField? Parse(string line)
    {
        var start = line.IndexOf(Field, StringComparison.Ordinal);
        var end = line.IndexOf(';');
        if (start < 0 || end < start)
        {
            return null;
        }

        var declaration = line[(start + Field.Length)..end].Trim();
        var isDataLocation = declaration.StartsWith(DataLocation, StringComparison.Ordinal);
        declaration = isDataLocation ? declaration[DataLocation.Length..] : declaration;
        var bracket = declaration.LastIndexOf('[');
        // An array's length stands behind its name, except where the array stands behind the record.
        declaration = bracket > 0 && declaration.EndsWith(']') ? declaration[..bracket] : declaration;
        var space = declaration.LastIndexOfAny([' ', '*']);
        return space < 0 ? null : new FormatField(declaration[..(space + 1)].Trim(), declaration[(space + 1)..], isDataLocation);
    }

    // A name that is no path.
    private static bool IsName(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}

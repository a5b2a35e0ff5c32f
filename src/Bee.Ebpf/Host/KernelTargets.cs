using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Symbols;
using Bee.Posix;

namespace Bee.Ebpf.Host;

/// <summary>Names of what programs can attach to in the running kernel.</summary>
internal static class KernelTargets
{
    private const string BpfLsm = "bpf_lsm_", BpfIter = "bpf_iter_", RawTracepoint = "btf_trace_";

    // How this processor's system calls are called in the kernel.
    private static readonly string s_call = RuntimeInformation.OSArchitecture switch
    {
        Architecture.Arm64 => "__arm64_sys_",
        Architecture.S390x => "__s390x_sys_",
        _ => "__x64_sys_",
    };

    /// <summary>Names of targets, in the kernel's order, each once.</summary>
    /// <param name="kind">A kind of program, as <see cref="ProgramDescription.Kind"/> has it.</param>
    /// <param name="part">What the names have in them; case counts.</param>
    /// <returns>
    /// The names, as the kind's section has them; none for kinds whose targets are not the kernel's, and where the user may not read them: tracepoints
    /// are root's, types and symbols everybody's. All kernels have tens of thousands of functions.
    /// </returns>
    public static IReadOnlyList<string> Names(string kind, string part = "")
    {
        ArgumentNullException.ThrowIfNull(kind);
        ArgumentNullException.ThrowIfNull(part);
        try
        {
            return ProgramKinds.Spelled(kind) switch
            {
                { Target: AttachTarget.Tracepoint } => Tracepoints(part),
                { Target: AttachTarget.RawTracepoint } => TargetScan.OfTypes(BtfKind.Typedef, RawTracepoint, part),
                { Target: AttachTarget.KernelFunction, BindsAtLoad: true } => TargetScan.OfTypes(BtfKind.Function, "", part),
                { Target: AttachTarget.SecurityHook } => TargetScan.OfTypes(BtfKind.Function, BpfLsm, part),
                // The types of their contexts: functions of such names the kernel has for other ends too.
                { Target: AttachTarget.Iterator } => TargetScan.OfTypes(BtfKind.Struct, BpfIter + "_", part),
                { Target: AttachTarget.KernelFunction } => TargetScan.OfCode("", part),
                { Target: AttachTarget.SystemCall } => TargetScan.OfCode(s_call, part),
                _ => [],
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or BpfObjectException)
        {
            return [];
        }
    }

    private static string[] Tracepoints(string part) => Tracefs.Root is { } root
        ? [.. RegularFile.ReadLines(Path.Combine(root, "available_events")).Select(line => line.Trim().Replace(':', '/')).Where(name => name.Contains(part, StringComparison.Ordinal))]
        : [];
}

/// <summary>
/// Looks for names among the kernel's hundred thousand types and symbols, on their bytes: only those that fit become strings. It is used while somebody types.
/// </summary>
internal static class TargetScan
{
    /// <summary>Names of types that have a part in them, without the beginning that all of the wanted have.</summary>
    /// <exception cref="IOException">The kernel shows no types.</exception>
    public static List<string> OfTypes(BtfKind kind, string prefix, string part)
    {
        // Not checked as a whole, as a graph that is followed is: nothing is followed here, and it is the kernel's own.
        BtfTable table = BtfReader.Read(RegularFile.ReadAllBytes(BtfSpec.KernelPath), null);
        var (start, wanted) = (Encoding.UTF8.GetBytes(prefix), Encoding.UTF8.GetBytes(part));
        var names = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (uint id = 1; id < table.TypeCount; id++)
        {
            if (table.Kind(id) == kind && table.NameOffset(id) is var offset && offset < table.StringsLength)
            {
                var name = table.TextBytes(offset);
                if (IsWanted(name, start, wanted))
                {
                    Add(names, seen, name[prefix.Length..]);
                }
            }
        }

        return names;
    }

    /// <summary>Names of functions of the kernel and its modules that have a part in them, without the beginning that all of the wanted have.</summary>
    /// <exception cref="IOException">The kernel shows no symbols.</exception>
    public static List<string> OfCode(string prefix, string part)
    {
        var (start, wanted) = (Encoding.UTF8.GetBytes(prefix), Encoding.UTF8.GetBytes(part));
        var names = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        using var list = KernelSymbolReader.Open();
        while (list.Read())
        {
            // Names with a dot are parts that the compiler made, __pfx_ is the padding before a function: nothing attaches there.
            var name = list.Name;
            if (list.IsCode && IsWanted(name, start, wanted) && name.IndexOf((byte)'.') < 0 && !name.StartsWith("__pfx_"u8))
            {
                Add(names, seen, name[prefix.Length..]);
            }
        }

        return names;
    }

    private static bool IsWanted(ReadOnlySpan<byte> name, byte[] start, byte[] part) =>
        name.Length > start.Length && name.StartsWith(start) && name[start.Length..].IndexOf(part) >= 0;

    private static void Add(List<string> names, HashSet<string> seen, ReadOnlySpan<byte> name)
    {
        var text = Encoding.UTF8.GetString(name);
        if (seen.Add(text))
        {
            names.Add(text);
        }
    }
}

/// <summary>Names of what a program could have attached to, for suggestions after a miss.</summary>
internal static class TargetNames
{
    /// <summary>All names that a program's target could have had. What cannot be read gives no names.</summary>
    public static IEnumerable<string> For(ProgramDescription program) => KernelTargets.Names(program.Kind);
}

/// <summary>A field of a tracepoint's record, as the kernel's format file declares it.</summary>
/// <param name="Type">The type in C, such as <c>const char *</c>; without the array's length.</param>
/// <param name="Name">The field's name.</param>
/// <param name="IsDataLocation">True where the value stands behind the record, and the field says where.</param>
internal sealed record FormatField(string Type, string Name, bool IsDataLocation);

/// <summary>Reads what the kernel says of a tracepoint's record.</summary>
internal static class TracepointFormat
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
        return [.. Lines(group, name).Select(Parse).OfType<FormatField>().Where(f => !f.Name.StartsWith("common_", StringComparison.Ordinal))];
    }

    /// <summary>The bytes of a tracepoint's record that a program may read, to the end of the last field; null where the format cannot be read.</summary>
    /// <param name="group">The group, such as <c>sched</c>.</param>
    /// <param name="name">The tracepoint, such as <c>sched_switch</c>.</param>
    internal static int? RecordLength(string group, string name) =>
        Lines(group, name).Where(line => line.Contains(Field, StringComparison.Ordinal)).Select(line => Number(line, "offset:") + Number(line, "size:")).Max();

    /// <summary>Returns the path that this user may not read, so that a tracepoint's format stays unknown; null if the format can be read or does not exist, and if tracefs is not mounted.</summary>
    /// <param name="group">The group, such as <c>sched</c>.</param>
    /// <param name="name">The tracepoint, such as <c>sched_switch</c>.</param>
    public static string? UnreadablePath(string group, string name)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(name);
        if (!IsName(group) || !IsName(name))
        {
            return null;
        }

        if (Tracefs.Root is not { } root)
        {
            return KernelHost.Current.MountOf("tracefs");
        }

        try
        {
            _ = RegularFile.ReadLines(FormatPath(root, group, name)).Any();
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return FormatPath(root, group, name);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string FormatPath(string root, string group, string name) => Path.Combine(root, "events", group, name, "format");

    private static IReadOnlyList<string> Lines(string group, string name)
    {
        try
        {
            return Tracefs.Root is { } root && IsName(group) && IsName(name) ? [.. RegularFile.ReadLines(FormatPath(root, group, name))] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static int? Number(string line, string label)
    {
        var start = line.IndexOf(label, StringComparison.Ordinal);
        var end = start < 0 ? -1 : line.IndexOf(';', start);
        return end > 0 && int.TryParse(line.AsSpan(start + label.Length, end - start - label.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
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

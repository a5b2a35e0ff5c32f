using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Symbols;
using Bee.Posix;

namespace Bee.Ebpf.Host;

/// <summary>Lists the attach targets of the running kernel.</summary>
internal static class KernelTargets
{
    private const string BpfLsm = "bpf_lsm_", BpfIter = "bpf_iter_", RawTracepoint = "btf_trace_";

    // The prefix of system call functions in the kernel on this processor.
    private static readonly string s_call = RuntimeInformation.OSArchitecture switch
    {
        Architecture.Arm64 => "__arm64_sys_",
        Architecture.S390x => "__s390x_sys_",
        _ => "__x64_sys_",
    };

    /// <summary>Returns names of targets, in the kernel's order, without duplicates.</summary>
    /// <param name="kind">The kind of program, as in <see cref="ProgramDescription.Kind"/>.</param>
    /// <param name="part">Text that the names must contain; case matters.</param>
    /// <returns>
    /// The names, in the syntax of the kind's section. Empty for kinds whose targets are not the kernel's, and if the user may not read them: tracepoints
    /// require root, types and symbols do not. Every kernel has tens of thousands of functions.
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
                // Search the types of their contexts, because the kernel also uses such function names for other purposes.
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
/// Searches the kernel's 100,000 types and symbols on their bytes; only matches become strings. Completers use it.
/// </summary>
internal static class TargetScan
{
    /// <summary>Returns the names of types that contain a text, without their common prefix.</summary>
    /// <exception cref="IOException">The kernel does not expose its types.</exception>
    public static List<string> OfTypes(BtfKind kind, string prefix, string part)
    {
        // A full validation is not needed: no references are followed, and the data comes from the kernel.
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

    /// <summary>Returns the names of functions of the kernel and its modules that contain a text, without their common prefix.</summary>
    /// <exception cref="IOException">The kernel does not expose its symbols.</exception>
    public static List<string> OfCode(string prefix, string part)
    {
        var (start, wanted) = (Encoding.UTF8.GetBytes(prefix), Encoding.UTF8.GetBytes(part));
        var names = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        using var list = KernelSymbolReader.Open();
        while (list.Read())
        {
            // Names with a dot are parts of functions that the compiler split off, and __pfx_ marks padding. Programs cannot attach there.
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

/// <summary>Lists possible attach targets, for suggestions in error messages.</summary>
internal static class TargetNames
{
    /// <summary>Returns all possible targets of a program. Unreadable sources are skipped.</summary>
    public static IEnumerable<string> For(ProgramDescription program) => KernelTargets.Names(program.Kind);
}

/// <summary>A field of a tracepoint's record, from the kernel's format file.</summary>
/// <param name="Type">The C type, such as <c>const char *</c>; without the array's length.</param>
/// <param name="Name">The field's name.</param>
/// <param name="IsDataLocation">True if the field holds the position of its value, which follows the record.</param>
internal sealed record FormatField(string Type, string Name, bool IsDataLocation);

/// <summary>Reads the kernel's description of a tracepoint's record.</summary>
internal static class TracepointFormat
{
    private const string Field = "field:", DataLocation = "__data_loc ";

    /// <summary>Reads the tracepoint's own fields, without the common ones.</summary>
    /// <param name="group">The category, such as <c>sched</c>.</param>
    /// <param name="name">The tracepoint, such as <c>sched_switch</c>.</param>
    /// <returns>The fields in order; empty if the tracepoint does not exist, or if the user may not read it (tracefs requires root).</returns>
    public static IReadOnlyList<FormatField> Read(string group, string name)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(name);
        return [.. Lines(group, name).Select(Parse).OfType<FormatField>().Where(f => !f.Name.StartsWith("common_", StringComparison.Ordinal))];
    }

    /// <summary>Returns how many bytes of a tracepoint's record a program may read, up to the end of the last field; null if the format cannot be read.</summary>
    /// <param name="group">The category, such as <c>sched</c>.</param>
    /// <param name="name">The tracepoint, such as <c>sched_switch</c>.</param>
    internal static int? RecordLength(string group, string name) =>
        Lines(group, name).Where(line => line.Contains(Field, StringComparison.Ordinal)).Select(line => Number(line, "offset:") + Number(line, "size:")).Max();

    /// <summary>Returns the path that this user may not read, which leaves a tracepoint's format unknown; null if the format can be read or does not exist, and if tracefs is not mounted.</summary>
    /// <param name="group">The category, such as <c>sched</c>.</param>
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
        // An array's length follows its name, unless the array follows the record.
        declaration = bracket > 0 && declaration.EndsWith(']') ? declaration[..bracket] : declaration;
        var space = declaration.LastIndexOfAny([' ', '*']);
        return space < 0 ? null : new FormatField(declaration[..(space + 1)].Trim(), declaration[(space + 1)..], isDataLocation);
    }

    // Rejects names that are paths.
    private static bool IsName(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}

using Bee.Ebpf.Btf;
using Bee.Ebpf.Metadata;

namespace Bee.Ebpf.Objects;

/// <summary>The C types of Inspektor Gadget's <c>gadget/types.h</c> that decide how a record looks.</summary>
internal static class GadgetTypes
{
    /// <summary>The flags that a file is opened with.</summary>
    public const string FileFlags = "gadget_file_flags";

    /// <summary>A file's mode.</summary>
    public const string FileMode = "gadget_file_mode";

    private const string Process = "gadget_process", Credentials = "gadget_creds";
    private const string Counter = "gadget_counter__", Gauge = "gadget_gauge__";
    private const string ProcessField = "proc", CredentialsField = "creds";

    // What Inspektor Gadget makes a field of another name of: beside error_raw, a number, it adds error, a text.
    private const string Raw = "_raw";

    // What its own tables leave out until somebody asks for it.
    private static readonly string[] s_quiet = ["gadget_timestamp", "gadget_mntns_id", "gadget_netns_id", "gadget_parent", "gadget_user_stack"];

    private static readonly string[] s_made =
    [
        "gadget_timestamp", "gadget_signal", "gadget_errno", "gadget_uid", "gadget_gid", "gadget_syscall", FileMode, FileFlags, "gadget_kernel_stack", "gadget_user_stack", "gadget_bytes", "gadget_duration",
    ];

    /// <summary>
    /// The name of the field that Inspektor Gadget makes of a member beside it: <c>error</c> of <c>gadget_errno error_raw</c>, and so of each of its types that a person
    /// reads otherwise, and of enums. Null where it makes none, or where the struct has a member of that name.
    /// </summary>
    public static string? Made(BtfMember member, BtfStruct type) =>
        member.Name.EndsWith(Raw, StringComparison.Ordinal) && member.Name[..^Raw.Length] is { Length: > 0 } name
            && member.BitSize == 0 && (s_made.Contains(member.Type.Name) || member.Type.Resolve() is BtfEnum)
            && !type.Members.Any(other => other.Name == name) ? name : null;

    /// <summary>
    /// Whether the member's own fields stand among those of the struct that it is in: <c>struct gadget_process proc</c>, which nearly all events have, and the
    /// <c>creds</c> in it. So <c>comm</c> and <c>pid</c> are where people look for them.
    /// </summary>
    public static bool IsSpread(BtfMember member, BtfStruct type) =>
        member.Name == ProcessField && type.Name == Process || member.Name == CredentialsField && type.Name == Credentials;

    /// <summary>A field's name as Inspektor Gadget has it (<c>proc.creds.uid</c>), without the structs whose fields are spread.</summary>
    public static string Spread(string path)
    {
        foreach (var outer in new[] { ProcessField, CredentialsField })
        {
            path = path.StartsWith(outer + ".", StringComparison.Ordinal) ? path[(outer.Length + 1)..] : path;
        }

        return path;
    }

    /// <summary>What is said of the fields of a record by their types alone.</summary>
    public static IReadOnlyDictionary<string, FieldMetadata> Words(BtfType? record)
    {
        var words = new Dictionary<string, FieldMetadata>(StringComparer.Ordinal);
        foreach (var (member, made) in Members(record))
        {
            var quiet = s_quiet.Contains(member.Type.Name);
            if (MetricOf(member.Type.Name) is { } metric)
            {
                words.TryAdd(member.Name, new FieldMetadata { Metric = metric });
            }
            else if (quiet || made is not null)
            {
                words.TryAdd(member.Name, new FieldMetadata { Hidden = true });
            }

            if (quiet && made is not null)
            {
                words.TryAdd(made, new FieldMetadata { Hidden = true });
            }
        }

        return words;
    }

    private static FieldMetric? MetricOf(string type) =>
        type.StartsWith(Counter, StringComparison.Ordinal) ? FieldMetric.Counter
        : type.StartsWith(Gauge, StringComparison.Ordinal) ? FieldMetric.Gauge
        : null;

    /// <summary>
    /// The members of a record as its object has them, each with the name of the field that is made of it: those of structs without a name, and of those that are spread, among its own.
    /// </summary>
    public static IReadOnlyList<(BtfMember Member, string? Made)> Members(BtfType? record)
    {
        var members = new List<(BtfMember, string?)>();
        var met = 0;
        Add(record, 0, ref met, members);
        return members;
    }

    private static void Add(BtfType? record, int depth, ref int met, List<(BtfMember, string?)> members)
    {
        // Refused when the shape is read; what is beyond has no words here. Without a limit on all of them a few structs, each many times in the next, would take forever.
        const int Deepest = 8, Most = 10_000;
        if (record?.Resolve() is not BtfStruct type || depth > Deepest)
        {
            return;
        }

        foreach (var member in type.Members)
        {
            if (++met > Most)
            {
                return;
            }

            if (member.Type.Resolve() is BtfStruct inner && (member.Name.Length == 0 || IsSpread(member, inner)))
            {
                Add(inner, depth + 1, ref met, members);
            }
            else
            {
                members.Add((member, Made(member, type)));
            }
        }
    }
}

/// <summary>Brings what a gadget's metadata says of fields to the fields that its records have here.</summary>
internal static class GadgetFields
{
    /// <summary>The words about a record's fields, by their names in C or, where Inspektor Gadget makes a field of another, by that one's.</summary>
    /// <param name="record">The C struct; null for none.</param>
    /// <param name="said">The words, by the names that the metadata has: those of the embedded process with <c>proc.</c> before them.</param>
    public static IReadOnlyDictionary<string, FieldMetadata> Of(BtfType? record, IReadOnlyDictionary<string, FieldMetadata> said)
    {
        ArgumentNullException.ThrowIfNull(said);
        var words = new Dictionary<string, FieldMetadata>(StringComparer.Ordinal);
        foreach (var (name, what) in said)
        {
            words.TryAdd(GadgetTypes.Spread(name), what);
        }

        return GadgetTypes.Members(record).SelectMany(member => new[] { member.Member.Name, member.Made }).OfType<string>().Distinct()
            .Where(words.ContainsKey).ToDictionary(name => name, name => words[name]);
    }
}

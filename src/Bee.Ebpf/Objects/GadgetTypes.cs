using Bee.Ebpf.Btf;
using Bee.Ebpf.Metadata;

namespace Bee.Ebpf.Objects;

/// <summary>The C types of Inspektor Gadget's <c>gadget/types.h</c> that decide how a record is shown.</summary>
internal static class GadgetTypes
{
    /// <summary>The flags of open(2).</summary>
    public const string FileFlags = "gadget_file_flags";

    /// <summary>The mode of a file.</summary>
    public const string FileMode = "gadget_file_mode";

    private const string Process = "gadget_process", Credentials = "gadget_creds";
    private const string Counter = "gadget_counter__", Gauge = "gadget_gauge__";
    private const string ProcessField = "proc", CredentialsField = "creds";

    // The suffix of fields from which Inspektor Gadget derives another field: for the number error_raw, it adds the text error.
    private const string Raw = "_raw";

    // Inspektor Gadget's own tables hide these by default.
    private static readonly string[] s_quiet = ["gadget_timestamp", "gadget_mntns_id", "gadget_netns_id", "gadget_parent", "gadget_user_stack"];

    private static readonly string[] s_made =
    [
        "gadget_timestamp", "gadget_signal", "gadget_errno", "gadget_uid", "gadget_gid", "gadget_syscall", FileMode, FileFlags, "gadget_kernel_stack", "gadget_user_stack", "gadget_bytes", "gadget_duration",
    ];

    /// <summary>
    /// Returns the name of the field that Inspektor Gadget derives from a member: <c>error</c> from <c>gadget_errno error_raw</c>, likewise for its other types with a readable
    /// form, and for enums. Null if it derives none, or if the struct has a member of that name.
    /// </summary>
    public static string? Made(BtfMember member, BtfStruct type) =>
        member.Name.EndsWith(Raw, StringComparison.Ordinal) && member.Name[..^Raw.Length] is { Length: > 0 } name
            && member.BitSize == 0 && (s_made.Contains(member.Type.Name) || member.Type.Resolve() is BtfEnum)
            && !type.Members.Any(other => other.Name == name) ? name : null;

    /// <summary>
    /// Returns whether the member's fields appear among those of the enclosing struct, as for <c>struct gadget_process proc</c>, which nearly all events have, and the
    /// <c>creds</c> in it. <c>comm</c> and <c>pid</c> are then top-level fields.
    /// </summary>
    public static bool IsSpread(BtfMember member, BtfStruct type) =>
        member.Name == ProcessField && type.Name == Process || member.Name == CredentialsField && type.Name == Credentials;

    /// <summary>Returns Inspektor Gadget's name of a field (<c>proc.creds.uid</c>) without the structs whose fields are spread.</summary>
    public static string Spread(string path)
    {
        foreach (var outer in new[] { ProcessField, CredentialsField })
        {
            path = path.StartsWith(outer + ".", StringComparison.Ordinal) ? path[(outer.Length + 1)..] : path;
        }

        return path;
    }

    /// <summary>Returns the metadata that the types of a record's fields imply.</summary>
    public static IReadOnlyDictionary<string, FieldMetadata> FieldsOf(BtfType? record)
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
    /// Returns the members of a record, each with the name of the field derived from it. Members of anonymous and spread structs are included.
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
        // Deeper nesting fails when the shape is read; such fields get no metadata here. The total limit stops structs that contain each other many times.
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

/// <summary>Maps the field metadata of a gadget to the fields of its records in Bee.</summary>
internal static class GadgetFields
{
    /// <summary>Returns the metadata of a record's fields, by the C name, or by the name of the derived field if there is one.</summary>
    /// <param name="record">The C struct, or null.</param>
    /// <param name="metadata">The metadata, by Inspektor Gadget's names: fields of the embedded process have the prefix <c>proc.</c></param>
    public static IReadOnlyDictionary<string, FieldMetadata> Of(BtfType? record, IReadOnlyDictionary<string, FieldMetadata> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        var words = new Dictionary<string, FieldMetadata>(StringComparer.Ordinal);
        foreach (var (name, what) in metadata)
        {
            words.TryAdd(GadgetTypes.Spread(name), what);
        }

        return GadgetTypes.Members(record).SelectMany(member => new[] { member.Member.Name, member.Made }).OfType<string>().Distinct()
            .Where(words.ContainsKey).ToDictionary(name => name, name => words[name]);
    }
}

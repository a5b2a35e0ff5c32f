using Bee.Ebpf.Btf;
using Bee.Ebpf.Metadata;

namespace Bee.Ebpf.Objects;

/// <summary>The C types of Inspektor Gadget's <c>gadget/types.h</c> that decide how a record looks.</summary>
internal static class GadgetTypes
{
    private const string Process = "gadget_process", Credentials = "gadget_creds";
    private const string Counter = "gadget_counter__", Gauge = "gadget_gauge__";
    private const string ProcessField = "proc", CredentialsField = "creds";

    // What its own tables leave out until somebody asks for it.
    private static readonly string[] s_quiet = ["gadget_timestamp", "gadget_mntns_id", "gadget_netns_id", "gadget_parent", "gadget_user_stack"];

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
    public static IReadOnlyDictionary<string, FieldMetadata> Words(BtfType? record) => Members(record)
        .Where(member => s_quiet.Contains(member.Type.Name) || MetricOf(member.Type.Name) is not null)
        .DistinctBy(member => member.Name)
        .ToDictionary(
            member => member.Name,
            member => MetricOf(member.Type.Name) is { } metric ? new FieldMetadata { Metric = metric } : new FieldMetadata { Hidden = true });

    private static FieldMetric? MetricOf(string type) =>
        type.StartsWith(Counter, StringComparison.Ordinal) ? FieldMetric.Counter
        : type.StartsWith(Gauge, StringComparison.Ordinal) ? FieldMetric.Gauge
        : null;

    /// <summary>The members of a record as its object has them: those of structs without a name, and of those that are spread, among its own.</summary>
    public static IReadOnlyList<BtfMember> Members(BtfType? record)
    {
        var members = new List<BtfMember>();
        var met = 0;
        Add(record, 0, ref met, members);
        return members;
    }

    private static void Add(BtfType? record, int depth, ref int met, List<BtfMember> members)
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
                members.Add(member);
            }
        }
    }
}

/// <summary>Brings what a gadget's metadata says of fields to the fields that its records have here.</summary>
public static class GadgetFields
{
    // What Inspektor Gadget makes a text of: beside error_raw, a number, it adds the field error.
    private const string Raw = "_raw", MadeOf = "gadget_";

    /// <summary>
    /// The words about a record's fields, by their names in C. Inspektor Gadget shows a field <c>error</c> where the record has <c>error_raw</c>; Bee shows
    /// the record's own as that text, so what is said of the made one is meant for it.
    /// </summary>
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

        BtfMember[] members = [.. GadgetTypes.Members(record).DistinctBy(member => member.Name)];
        var names = members.Select(member => member.Name).ToHashSet(StringComparer.Ordinal);
        return members.Select(member => (member.Name, Words: Of(member, words, names))).Where(field => field.Words is not null).ToDictionary(field => field.Name, field => field.Words!);
    }

    private static FieldMetadata? Of(BtfMember member, Dictionary<string, FieldMetadata> words, HashSet<string> names)
    {
        var own = words.GetValueOrDefault(member.Name);
        var made = member.Name.EndsWith(Raw, StringComparison.Ordinal) ? member.Name[..^Raw.Length] : "";
        if (made.Length == 0 || names.Contains(made))
        {
            return own;
        }

        var shown = words.GetValueOrDefault(made);
        return shown is null && !member.Type.Name.StartsWith(MadeOf, StringComparison.Ordinal)
            ? own
            : (shown ?? FieldMetadata.None).Over((own ?? FieldMetadata.None) with { Hidden = null });
    }
}

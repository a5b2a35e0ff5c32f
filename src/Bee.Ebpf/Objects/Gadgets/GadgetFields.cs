namespace Bee.Ebpf;

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

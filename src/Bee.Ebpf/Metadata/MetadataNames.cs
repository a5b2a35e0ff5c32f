namespace Bee.Ebpf.Metadata;

/// <summary>The names of metadata values in files: in this spelling in an image's config, in lower case in bee.yaml and gadget.yaml.</summary>
internal static class MetadataNames
{
    /// <summary>The roles of maps.</summary>
    public static NameTable<MapRole> Roles { get; } = new(
        ("Print", MapRole.Print), ("Counter", MapRole.Counter), ("Gauge", MapRole.Gauge), ("Histogram", MapRole.Histogram), ("None", MapRole.None));

    /// <summary>The types of metrics: the roles that a metric can have.</summary>
    public static NameTable<MapRole> MetricTypes { get; } = new([.. Roles.Rows.Where(row => row.Value != MapRole.Print)]);

    /// <summary>The spacings of histograms' slots.</summary>
    public static NameTable<HistogramSpacing> Spacings { get; } = new(("Log2", HistogramSpacing.Log2), ("Linear", HistogramSpacing.Linear), ("Bounds", HistogramSpacing.Bounds));

    /// <summary>The conversions of fields to labels.</summary>
    public static NameTable<LabelDecoder> Decoders { get; } = new(
        ("Ksym", LabelDecoder.KernelSymbol), ("Syscall", LabelDecoder.Syscall), ("Errno", LabelDecoder.Errno), ("Cgroup", LabelDecoder.Cgroup),
        ("Ifname", LabelDecoder.Interface), ("Majorminor", LabelDecoder.Device), ("Dname", LabelDecoder.DomainName), ("Inet_ip", LabelDecoder.Address));

    /// <summary>The severities of events in a log.</summary>
    public static NameTable<LogSeverity> Severities { get; } = new(
        ("Debug", LogSeverity.Debug), ("Info", LogSeverity.Informational), ("Notice", LogSeverity.Notice), ("Warning", LogSeverity.Warning),
        ("Error", LogSeverity.Error), ("Critical", LogSeverity.Critical), ("Alert", LogSeverity.Alert), ("Emergency", LogSeverity.Emergency));

    /// <summary>The uses of fields in a metric.</summary>
    public static NameTable<FieldMetric> FieldMetrics { get; } = new(("Key", FieldMetric.Key), ("Counter", FieldMetric.Counter), ("Gauge", FieldMetric.Gauge));
}

/// <summary>Maps the values of an enum to their names in files.</summary>
/// <typeparam name="T">The enum.</typeparam>
/// <param name="rows">The capitalized names with their values, in the order in which messages list them.</param>
internal sealed class NameTable<T>(params (string Name, T Value)[] rows)
    where T : struct, Enum
{
    /// <summary>The names and their values.</summary>
    public IReadOnlyList<(string Name, T Value)> Rows => rows;

    /// <summary>The names in lower case, with their values.</summary>
    public (string Word, T Value)[] Words { get; } = [.. rows.Select(row => (row.Name.ToLowerInvariant(), row.Value))];

    /// <summary>Returns the name of a value, or null if the value is null or not in the table.</summary>
    /// <param name="value">The value.</param>
    public string? Name(T? value) => rows.FirstOrDefault(row => row.Value.Equals(value)).Name;

    /// <summary>Returns the value of a name, or null if the table does not contain it.</summary>
    /// <param name="name">The name; case matters.</param>
    public T? Find(string? name) => Find(rows, name);

    /// <summary>Returns the value of a name in lower case, or null if the table does not contain it.</summary>
    /// <param name="word">The name in lower case; case matters.</param>
    public T? FindWord(string? word) => Find(Words, word);

    private static T? Find((string Name, T Value)[] names, string? name)
    {
        foreach (var (known, value) in names)
        {
            if (known == name)
            {
                return value;
            }
        }

        return null;
    }
}

namespace Bee.Ebpf.Metadata;

/// <summary>
/// Metadata of an object's maps, parameters and programs: how maps are shown, what parameters mean, what programs attach to. It comes from
/// tags in the C file, from a bee.yaml or from an image's config. <c>ObjectFile.WithMetadata</c> adds it to the object's descriptions.
/// </summary>
internal sealed record ObjectMetadata
{
    /// <summary>Empty metadata.</summary>
    public static ObjectMetadata None { get; } = new();

    /// <summary>Metadata of maps, by the map's name.</summary>
    public IReadOnlyDictionary<string, MapMetadata> Maps { get; init; } = new Dictionary<string, MapMetadata>();

    /// <summary>Metadata of parameters, by the parameter's name.</summary>
    public IReadOnlyDictionary<string, ParameterMetadata> Parameters { get; init; } = new Dictionary<string, ParameterMetadata>();

    /// <summary>Metadata of programs, by the program's name, which is the C function's.</summary>
    public IReadOnlyDictionary<string, ProgramMetadata> Programs { get; init; } = new Dictionary<string, ProgramMetadata>();

    /// <summary>The C types of records by the name of the buffer or iterator, if <see cref="MapMetadata.Type"/> or <see cref="ProgramMetadata.Type"/> names one.</summary>
    public IReadOnlyDictionary<string, string> RecordTypes =>
        Maps.Select(map => (map.Key, map.Value.Type)).Concat(Programs.Select(program => (program.Key, program.Value.Type))).Where(pair => pair.Type is not null)
            .DistinctBy(pair => pair.Key).ToDictionary(pair => pair.Key, pair => pair.Type!);
}

/// <summary>Metadata of a map. Null and empty values are unspecified.</summary>
internal sealed record MapMetadata
{
    /// <summary>Empty metadata.</summary>
    public static MapMetadata None { get; } = new();

    /// <summary>The role of the map, in place of the one that its name's prefix implies. <see cref="MapRole.None"/> excludes it from streaming.</summary>
    public MapRole? Kind { get; init; }

    /// <summary>
    /// The C type of the records, for a ring or perf buffer that is declared without a type, as <see cref="RecordTypeName"/> reads it. A buffer with
    /// a type streams.
    /// </summary>
    public string? Type { get; init; }

    /// <summary>A one-sentence description of the map; the help text of its metric.</summary>
    public string? Help { get; init; }

    /// <summary>The unit of the values, such as <c>ns</c>, <c>bytes</c> or <c>1</c>.</summary>
    public string? Unit { get; init; }

    /// <summary>The number of entries, or of bytes for rings, in place of the declared one; null if unspecified.</summary>
    public uint? Entries { get; init; }

    /// <summary>The spacing of the slots of a histogram that the program fills itself; null if unspecified.</summary>
    public HistogramScale? Scale { get; init; }

    /// <summary>The upper bounds of a histogram's buckets, ascending, in the unit of the values. Empty if unspecified.</summary>
    public IReadOnlyList<double> Buckets { get; init; } = [];

    /// <summary>The slot that holds the sum of the values, for a histogram whose slots are in the key; null if unspecified.</summary>
    public HistogramSum? Sum { get; init; }

    /// <summary>The fields (by their C names) that distinguish series: labels of a metric, keys of a histogram. Empty if unspecified.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Metadata of the map's metric; it overrides kind, help, unit and labels of the map. Null if unspecified.</summary>
    public MetricMetadata? Metric { get; init; }

    /// <summary>The severity of the map's events in a log; null if unspecified.</summary>
    public LogSeverity? Severity { get; init; }

    /// <summary>Metadata of fields, by the C name. For a map entry: the fields of key and value, and <c>Key</c> and <c>Value</c> themselves.</summary>
    public IReadOnlyDictionary<string, FieldMetadata> Fields { get; init; } = new Dictionary<string, FieldMetadata>();

    /// <summary>Returns this metadata, with unspecified values taken from <paramref name="other"/>.</summary>
    internal MapMetadata Over(MapMetadata other) => new()
    {
        Kind = Kind ?? other.Kind,
        Type = Type ?? other.Type,
        Help = Help ?? other.Help,
        Unit = Unit ?? other.Unit,
        Entries = Entries ?? other.Entries,
        Scale = Scale ?? other.Scale,
        Buckets = Buckets.Count > 0 ? Buckets : other.Buckets,
        Sum = Sum ?? other.Sum,
        Labels = Labels.Count > 0 ? Labels : other.Labels,
        Severity = Severity ?? other.Severity,
        Metric = Metric is null ? other.Metric : Metric.Over(other.Metric ?? MetricMetadata.None),
        Fields = FieldMetadata.Over(Fields, other.Fields),
    };
}

/// <summary>The role of a map, by the prefix of its name. All but <see cref="None"/> stream by default; the last three are also metrics.</summary>
public enum MapRole
{
    /// <summary>No known prefix: not streamed, but readable.</summary>
    None,
    /// <summary><c>print_</c>: events, or entries, to show.</summary>
    Print,
    /// <summary><c>counter_</c>: entries whose values only increase.</summary>
    Counter,
    /// <summary><c>gauge_</c>: entries whose values increase and decrease.</summary>
    Gauge,
    /// <summary><c>hist_</c>: entries that are the buckets of a histogram.</summary>
    Histogram,
}

/// <summary>The spacing of a histogram's slots.</summary>
internal enum HistogramSpacing
{
    /// <summary>Slot 0 counts 0 and 1, slot n the values from 2^n to 2^(n+1) - 1.</summary>
    Log2,
    /// <summary>Slots of equal width.</summary>
    Linear,
    /// <summary>The number of a slot is the upper bound of its bucket.</summary>
    Bounds,
}

/// <summary>A slot that holds the sum of the values instead of a count.</summary>
internal sealed record HistogramSum
{
    /// <summary>The number of the slot. The slots below it are the histogram's; the last of them counts all larger values.</summary>
    public uint Slot { get; init; }

    /// <summary>The factor that converts the sum to the unit of the values.</summary>
    public double Factor { get; init; } = 1;
}

/// <summary>How a field's value is converted to the text of a metric's label, if its type does not decide.</summary>
internal enum LabelDecoder
{
    /// <summary>The name of the kernel function at an address.</summary>
    KernelSymbol,
    /// <summary>The name of a system call.</summary>
    Syscall,
    /// <summary>The name of an error number.</summary>
    Errno,
    /// <summary>The path of a cgroup, from its id.</summary>
    Cgroup,
    /// <summary>The name of a network interface, from its index.</summary>
    Interface,
    /// <summary>The name of a block device, from the kernel's device number.</summary>
    Device,
    /// <summary>A domain name in DNS wire format, as text.</summary>
    DomainName,
    /// <summary>An IP address of 4 or 16 bytes, as text.</summary>
    Address,
}

/// <summary>The values that the slots of a histogram map count.</summary>
internal sealed record HistogramScale
{
    /// <summary>The spacing.</summary>
    public HistogramSpacing Spacing { get; init; }

    /// <summary>The lowest value of slot 0, for linear slots.</summary>
    public double Start { get; init; }

    /// <summary>The width of a slot, greater than 0, for linear slots.</summary>
    public double Step { get; init; } = 1;
}

/// <summary>Metadata of a field of an event or entry. Null values are unspecified.</summary>
internal sealed record FieldMetadata
{
    // Shared, so that metadata without names compare equal.
    private static readonly Dictionary<string, string> s_noNames = [];
    private static readonly Dictionary<string, LogSeverity> s_noSeverities = [];

    /// <summary>Empty metadata.</summary>
    public static FieldMetadata None { get; } = new();

    /// <summary>A one-sentence description of the field.</summary>
    public string? Description { get; init; }

    /// <summary>The width of the field's column in tables, in characters.</summary>
    public int? Width { get; init; }

    /// <summary>Whether the column is right-aligned.</summary>
    public bool? AlignRight { get; init; }

    /// <summary>The position of the column: columns with a number come first, in ascending order, then the others in declaration order.</summary>
    public int? Order { get; init; }

    /// <summary>Whether tables omit the field. It stays a property.</summary>
    public bool? Hidden { get; init; }

    /// <summary>Whether a <c>char</c> array holds NUL-terminated words, such as a command line. The value is then a list of strings.</summary>
    public bool? Words { get; init; }

    /// <summary>The use of the field in a metric, from Inspektor Gadget's metadata; null if unspecified.</summary>
    public FieldMetric? Metric { get; init; }

    /// <summary>The unit of the field's values in a metric; null if unspecified.</summary>
    public string? Unit { get; init; }

    /// <summary>The name of the field as a metric's label; null for the field's own name.</summary>
    public string? Label { get; init; }

    /// <summary>How its values are converted to a label; null if the type decides.</summary>
    public LabelDecoder? Decode { get; init; }

    /// <summary>Label texts of single values, by the value as text. Empty if unspecified.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = s_noNames;

    /// <summary>The severity in a log of an event with a given value, by the value as text. Empty if unspecified.</summary>
    public IReadOnlyDictionary<string, LogSeverity> Severities { get; init; } = s_noSeverities;

    /// <summary>Returns the metadata of each field, with unspecified values taken from the other side.</summary>
    internal static IReadOnlyDictionary<string, FieldMetadata> Over(IReadOnlyDictionary<string, FieldMetadata> metadata, IReadOnlyDictionary<string, FieldMetadata> other) =>
        metadata.Keys.Union(other.Keys).ToDictionary(name => name, name => (metadata.GetValueOrDefault(name) ?? None).Over(other.GetValueOrDefault(name) ?? None));

    /// <summary>Returns this metadata, with unspecified values taken from <paramref name="other"/>.</summary>
    internal FieldMetadata Over(FieldMetadata other) => new()
    {
        Description = Description ?? other.Description,
        Width = Width ?? other.Width,
        AlignRight = AlignRight ?? other.AlignRight,
        Order = Order ?? other.Order,
        Hidden = Hidden ?? other.Hidden,
        Words = Words ?? other.Words,
        Metric = Metric ?? other.Metric,
        Unit = Unit ?? other.Unit,
        Label = Label ?? other.Label,
        Decode = Decode ?? other.Decode,
        Values = Values.Count > 0 ? Values : other.Values,
        Severities = Severities.Count > 0 ? Severities : other.Severities,
    };
}

/// <summary>Metadata of a map's metric, if it differs from the map's own. Null and empty values are unspecified.</summary>
internal sealed record MetricMetadata
{
    /// <summary>Empty metadata.</summary>
    public static MetricMetadata None { get; } = new();

    /// <summary>The name of the metric after the tool's prefix, in place of the map's name.</summary>
    public string? Name { get; init; }

    /// <summary>The type of the metric. <see cref="MapRole.None"/> excludes the map from metrics.</summary>
    public MapRole? Type { get; init; }

    /// <summary>The unit of the values.</summary>
    public string? Unit { get; init; }

    /// <summary>A one-sentence description of the metric.</summary>
    public string? Help { get; init; }

    /// <summary>The fields (by their C names) that are the metric's labels.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Returns this metadata, with unspecified values taken from <paramref name="other"/>.</summary>
    internal MetricMetadata Over(MetricMetadata other) => new()
    {
        Name = Name ?? other.Name,
        Type = Type ?? other.Type,
        Unit = Unit ?? other.Unit,
        Help = Help ?? other.Help,
        Labels = Labels.Count > 0 ? Labels : other.Labels,
    };
}

/// <summary>The use of a field in a metric.</summary>
internal enum FieldMetric
{
    /// <summary>A label.</summary>
    Key,
    /// <summary>A counter; each event adds the field's value.</summary>
    Counter,
    /// <summary>A gauge; the latest event sets it.</summary>
    Gauge,
}

/// <summary>Metadata of a parameter. Null values are unspecified.</summary>
internal sealed record ParameterMetadata
{
    /// <summary>Empty metadata.</summary>
    public static ParameterMetadata None { get; } = new();

    /// <summary>The name by which users set the parameter, in addition to the variable's own.</summary>
    public string? Key { get; init; }

    /// <summary>A one-sentence description of the parameter.</summary>
    public string? Description { get; init; }

    /// <summary>
    /// The default value, in place of the one in the C file: text as <c>ParameterEncoder</c> reads
    /// it, a list of such texts for arrays, or a dictionary by field name for structs.
    /// </summary>
    public object? Default { get; init; }

    /// <summary>Returns this metadata, with unspecified values taken from <paramref name="other"/>.</summary>
    internal ParameterMetadata Over(ParameterMetadata other) => new()
    {
        Key = Key ?? other.Key,
        Description = Description ?? other.Description,
        Default = Default ?? other.Default,
    };
}

/// <summary>Metadata of a program. Null values are unspecified.</summary>
internal sealed record ProgramMetadata
{
    /// <summary>Empty metadata.</summary>
    public static ProgramMetadata None { get; } = new();

    /// <summary>A one-sentence description of the program.</summary>
    public string? Description { get; init; }

    /// <summary>The attach target, in place of the section's, in the syntax of section names without the kind: <c>syscalls/sys_enter_openat</c>, <c>tcp_v4_connect</c>.</summary>
    public string? AttachTo { get; init; }

    /// <summary>
    /// Whether the program is loaded: false excludes it, true includes it although its section makes it optional (<c>SEC("?…")</c>). If null, a program
    /// with an attach target in its metadata is loaded.
    /// </summary>
    public bool? Load { get; init; }

    /// <summary>Parses the text of an attach target: <c>none</c> excludes the program, <c>true</c> includes an optional program, any other text is a target.</summary>
    /// <param name="text">The text.</param>
    public static ProgramMetadata Attach(string text) => text switch
    {
        "none" => new() { Load = false },
        "true" => new() { Load = true },
        _ => new() { AttachTo = text },
    };

    /// <summary>The C type of an iterator's records, as <see cref="RecordTypeName"/> reads it.</summary>
    public string? Type { get; init; }

    /// <summary>Metadata of the fields of an iterator's records, by the C name.</summary>
    public IReadOnlyDictionary<string, FieldMetadata> Fields { get; init; } = new Dictionary<string, FieldMetadata>();

    /// <summary>Returns this metadata, with unspecified values taken from <paramref name="other"/>.</summary>
    internal ProgramMetadata Over(ProgramMetadata other) => new()
    {
        Description = Description ?? other.Description,
        AttachTo = AttachTo ?? other.AttachTo,
        Load = Load ?? (AttachTo is null ? other.Load : true),
        Type = Type ?? other.Type,
        Fields = FieldMetadata.Over(Fields, other.Fields),
    };
}

namespace Bee.Ebpf.Metadata;

/// <summary>
/// What an author says about an object's parts beside the code: how maps are shown, what parameters mean, where programs attach. It comes from
/// tags in the C file, from a bee.yaml or from an image's config; <c>ObjectFile.WithMetadata</c> puts it into the object's descriptions.
/// </summary>
internal sealed record ObjectMetadata
{
    /// <summary>Says nothing.</summary>
    public static ObjectMetadata None { get; } = new();

    /// <summary>By the map's name.</summary>
    public IReadOnlyDictionary<string, MapMetadata> Maps { get; init; } = new Dictionary<string, MapMetadata>();

    /// <summary>By the parameter's name.</summary>
    public IReadOnlyDictionary<string, ParameterMetadata> Parameters { get; init; } = new Dictionary<string, ParameterMetadata>();

    /// <summary>By the program's name, which is the C function's.</summary>
    public IReadOnlyDictionary<string, ProgramMetadata> Programs { get; init; } = new Dictionary<string, ProgramMetadata>();

    /// <summary>The C types of records by the name of the buffer or iterator, where <see cref="MapMetadata.Type"/> or <see cref="ProgramMetadata.Type"/> names one.</summary>
    public IReadOnlyDictionary<string, string> RecordTypes =>
        Maps.Select(map => (map.Key, map.Value.Type)).Concat(Programs.Select(program => (program.Key, program.Value.Type))).Where(pair => pair.Type is not null)
            .DistinctBy(pair => pair.Key).ToDictionary(pair => pair.Key, pair => pair.Type!);
}

/// <summary>What an author says about a map. Whatever is null or empty is not said.</summary>
internal sealed record MapMetadata
{
    /// <summary>Says nothing.</summary>
    public static MapMetadata None { get; } = new();

    /// <summary>What the map is for, in place of what its name's prefix says; <see cref="MapRole.None"/> keeps it from streaming.</summary>
    public MapRole? Kind { get; init; }

    /// <summary>
    /// Of a ring or perf buffer that is declared without a type: the C type of its records, as <see cref="RecordTypeName"/> reads it. A buffer with
    /// a type streams.
    /// </summary>
    public string? Type { get; init; }

    /// <summary>One sentence about what the map tells; a metric's help text.</summary>
    public string? Help { get; init; }

    /// <summary>The unit of the values, such as <c>ns</c>, <c>bytes</c> or <c>1</c>.</summary>
    public string? Unit { get; init; }

    /// <summary>How many entries fit, or for rings how many bytes, in place of the number in the declaration; null where nothing is said.</summary>
    public uint? Entries { get; init; }

    /// <summary>How the slots of a histogram map that the program fills itself are spaced; null where nothing is said.</summary>
    public HistogramScale? Scale { get; init; }

    /// <summary>Upper bounds of a histogram's buckets, in the unit of the values, rising. Empty where nothing is said.</summary>
    public IReadOnlyList<double> Buckets { get; init; } = [];

    /// <summary>Where a histogram whose slots are in the key keeps the sum of its values; null where nothing is said.</summary>
    public HistogramSum? Sum { get; init; }

    /// <summary>The fields (by their name in C) that tell series apart: labels of a metric, keys of a histogram. Empty where nothing is said.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>What is said about the map as a metric, over what its kind, help, unit and labels say; null where nothing is said.</summary>
    public MetricMetadata? Metric { get; init; }

    /// <summary>How severe the map's events are in a log; null where nothing is said.</summary>
    public LogSeverity? Severity { get; init; }

    /// <summary>By the field's name in C; of a map entry the fields of key and value, and <c>Key</c> and <c>Value</c> themselves.</summary>
    public IReadOnlyDictionary<string, FieldMetadata> Fields { get; init; } = new Dictionary<string, FieldMetadata>();

    /// <summary>This, and what <paramref name="other"/> says where this says nothing.</summary>
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

/// <summary>What a map is for, by the prefix of its name. All but <see cref="None"/> stream by default; the last three are metrics too.</summary>
public enum MapRole
{
    /// <summary>No known prefix: not streamed, and readable all the same.</summary>
    None,
    /// <summary><c>print_</c>: events, or entries, to show.</summary>
    Print,
    /// <summary><c>counter_</c>: entries whose values only grow.</summary>
    Counter,
    /// <summary><c>gauge_</c>: entries whose values go up and down.</summary>
    Gauge,
    /// <summary><c>hist_</c>: entries that are the buckets of a histogram.</summary>
    Histogram,
}

/// <summary>How the slots of a histogram are spaced.</summary>
internal enum HistogramSpacing
{
    /// <summary>Slot 0 holds 0 and 1, slot n values from 2^n to 2^(n+1) - 1.</summary>
    Log2,
    /// <summary>Slots of one width each, from a start on.</summary>
    Linear,
    /// <summary>The number of a slot is the upper bound of its bucket.</summary>
    Bounds,
}

/// <summary>A slot that counts no values: it holds their sum.</summary>
internal sealed record HistogramSum
{
    /// <summary>The number of the slot. Those below it are the histogram's, and the last of them holds whatever is larger.</summary>
    public uint Slot { get; init; }

    /// <summary>What the sum is multiplied by to be in the unit of the values.</summary>
    public double Factor { get; init; } = 1;
}

/// <summary>How the value of a field is written as a metric's label, where its type does not say.</summary>
internal enum LabelDecoder
{
    /// <summary>The address of a kernel function, as its name.</summary>
    KernelSymbol,
    /// <summary>The number of a system call, as its name.</summary>
    Syscall,
    /// <summary>An error number, as its name.</summary>
    Errno,
    /// <summary>The id of a cgroup, as its path.</summary>
    Cgroup,
    /// <summary>The index of a network interface, as its name.</summary>
    Interface,
    /// <summary>The kernel's number of a block device, as the device's name.</summary>
    Device,
    /// <summary>A domain name as DNS has it, as text.</summary>
    DomainName,
    /// <summary>4 or 16 bytes of an IP address, as text.</summary>
    Address,
}

/// <summary>The values that the slots of a histogram map stand for.</summary>
internal sealed record HistogramScale
{
    /// <summary>The spacing.</summary>
    public HistogramSpacing Spacing { get; init; }

    /// <summary>For linear slots: the lowest value of slot 0.</summary>
    public double Start { get; init; }

    /// <summary>For linear slots: how wide each is, more than 0.</summary>
    public double Step { get; init; } = 1;
}

/// <summary>What an author says about a field of an event or entry. Whatever is null is not said.</summary>
internal sealed record FieldMetadata
{
    // One for all, so that metadata without them are equal.
    private static readonly Dictionary<string, string> s_noNames = [];
    private static readonly Dictionary<string, LogSeverity> s_noSeverities = [];

    /// <summary>Says nothing.</summary>
    public static FieldMetadata None { get; } = new();

    /// <summary>One sentence about what the field tells.</summary>
    public string? Description { get; init; }

    /// <summary>How many characters the field's column has in tables.</summary>
    public int? Width { get; init; }

    /// <summary>Whether the column's text stands to the right.</summary>
    public bool? AlignRight { get; init; }

    /// <summary>The column's place: columns with a number come first, smallest first, then the others as they are declared.</summary>
    public int? Order { get; init; }

    /// <summary>Whether tables leave the field out; it is a property all the same.</summary>
    public bool? Hidden { get; init; }

    /// <summary>Whether a <c>char</c> array holds words with a NUL behind each, such as a command line: it is then a list of text.</summary>
    public bool? Words { get; init; }

    /// <summary>What the field is in a metric, as Inspektor Gadget's metadata declares it; null where nothing is said.</summary>
    public FieldMetric? Metric { get; init; }

    /// <summary>The unit of the field's values as a metric; null where nothing is said.</summary>
    public string? Unit { get; init; }

    /// <summary>The name of the field as a metric's label; null for the field's own.</summary>
    public string? Label { get; init; }

    /// <summary>How its values are written as a metric's label; null where the type says it.</summary>
    public LabelDecoder? Decode { get; init; }

    /// <summary>Names of single values, by the value as text, for a metric's label. Empty where nothing is said.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = s_noNames;

    /// <summary>How severe an event with a value is in a log, by the value as text. Empty where nothing is said.</summary>
    public IReadOnlyDictionary<string, LogSeverity> Severities { get; init; } = s_noSeverities;

    /// <summary>What one side says of each field, and where it says nothing what the other does.</summary>
    internal static IReadOnlyDictionary<string, FieldMetadata> Over(IReadOnlyDictionary<string, FieldMetadata> said, IReadOnlyDictionary<string, FieldMetadata> other) =>
        said.Keys.Union(other.Keys).ToDictionary(name => name, name => (said.GetValueOrDefault(name) ?? None).Over(other.GetValueOrDefault(name) ?? None));

    /// <summary>This, and what <paramref name="other"/> says where this says nothing.</summary>
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

/// <summary>What an author says about the metric that a map becomes, where that differs from what is said about the map. Whatever is null or empty is not said.</summary>
internal sealed record MetricMetadata
{
    /// <summary>Says nothing.</summary>
    public static MetricMetadata None { get; } = new();

    /// <summary>The metric's name behind the tool's, in place of the map's name.</summary>
    public string? Name { get; init; }

    /// <summary>The metric's type; <see cref="MapRole.None"/> keeps the map from being a metric.</summary>
    public MapRole? Type { get; init; }

    /// <summary>The unit of the values.</summary>
    public string? Unit { get; init; }

    /// <summary>One sentence about what the metric tells.</summary>
    public string? Help { get; init; }

    /// <summary>The fields (by their name in C) that are the metric's labels.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>This, and what <paramref name="other"/> says where this says nothing.</summary>
    internal MetricMetadata Over(MetricMetadata other) => new()
    {
        Name = Name ?? other.Name,
        Type = Type ?? other.Type,
        Unit = Unit ?? other.Unit,
        Help = Help ?? other.Help,
        Labels = Labels.Count > 0 ? Labels : other.Labels,
    };
}

/// <summary>What a field is in a metric.</summary>
internal enum FieldMetric
{
    /// <summary>A label.</summary>
    Key,
    /// <summary>A count: of an event what it adds.</summary>
    Counter,
    /// <summary>A level: of an event the latest.</summary>
    Gauge,
}

/// <summary>What an author says about a parameter. Whatever is null is not said.</summary>
internal sealed record ParameterMetadata
{
    /// <summary>Says nothing.</summary>
    public static ParameterMetadata None { get; } = new();

    /// <summary>The name by which people set the parameter, beside the variable's own.</summary>
    public string? Key { get; init; }

    /// <summary>One sentence about what the parameter does.</summary>
    public string? Description { get; init; }

    /// <summary>
    /// The value that the parameter has when nobody sets it, in place of the one in the C file: text as <c>ParameterEncoder</c> takes
    /// it, a list of such for arrays, or a dictionary by field name for structs.
    /// </summary>
    public object? Default { get; init; }

    /// <summary>This, and what <paramref name="other"/> says where this says nothing.</summary>
    internal ParameterMetadata Over(ParameterMetadata other) => new()
    {
        Key = Key ?? other.Key,
        Description = Description ?? other.Description,
        Default = Default ?? other.Default,
    };
}

/// <summary>What an author says about a program. Whatever is null is not said.</summary>
internal sealed record ProgramMetadata
{
    /// <summary>Says nothing.</summary>
    public static ProgramMetadata None { get; } = new();

    /// <summary>One sentence about what the program does.</summary>
    public string? Description { get; init; }

    /// <summary>What to attach to in place of what the section's name says, written as there, without the kind: <c>syscalls/sys_enter_openat</c>, <c>tcp_v4_connect</c>.</summary>
    public string? AttachTo { get; init; }

    /// <summary>
    /// Whether the program is loaded: false leaves it out, true loads it although its section makes it optional (<c>SEC("?…")</c>). Null says nothing; a program
    /// whose target is said is loaded then.
    /// </summary>
    public bool? Load { get; init; }

    /// <summary>What the text of a target says: <c>none</c> leaves the program out, <c>true</c> loads an optional program, and anything else is a target.</summary>
    /// <param name="text">The text.</param>
    public static ProgramMetadata Attach(string text) => text switch
    {
        "none" => new() { Load = false },
        "true" => new() { Load = true },
        _ => new() { AttachTo = text },
    };

    /// <summary>Of an iterator that writes records: their C type, as <see cref="RecordTypeName"/> reads it.</summary>
    public string? Type { get; init; }

    /// <summary>Of an iterator that gives records: what is said of their fields, by the field's name in C.</summary>
    public IReadOnlyDictionary<string, FieldMetadata> Fields { get; init; } = new Dictionary<string, FieldMetadata>();

    /// <summary>This, and what <paramref name="other"/> says where this says nothing.</summary>
    internal ProgramMetadata Over(ProgramMetadata other) => new()
    {
        Description = Description ?? other.Description,
        AttachTo = AttachTo ?? other.AttachTo,
        Load = Load ?? (AttachTo is null ? other.Load : true),
        Type = Type ?? other.Type,
        Fields = FieldMetadata.Over(Fields, other.Fields),
    };
}

using System.Text.Json;
using System.Text.Json.Serialization;
using Bee.Posix;

namespace Bee.Oci.Formats;

/// <summary>
/// The metadata of an image's object: the JSON document of media type <see cref="MediaTypes.EbpfConfig"/>. Bee defines all keys; BumbleBee writes an empty
/// document. No value may depend on the time or the folder of the build, so that the same source always has the same digest.
/// </summary>
public sealed record ImageConfig
{
    /// <summary>The version of the keys that this code writes.</summary>
    public const int CurrentVersion = 1;

    /// <summary>An empty config, as BumbleBee writes it.</summary>
    public static ImageConfig Empty { get; } = new() { Version = null };

    /// <summary>The version of the keys: 1; null in an image that Bee did not build. Of a newer version, the known keys are read.</summary>
    [JsonPropertyName("version")]
    public int? Version { get; init; } = CurrentVersion;

    /// <summary>The operating system that the object was compiled for: <c>linux</c>.</summary>
    [JsonPropertyName("os")]
    public string? Os { get; init; }

    /// <summary>The architecture that the object was compiled for, by its name in Go, such as <c>amd64</c>.</summary>
    [JsonPropertyName("architecture")]
    public string? Architecture { get; init; }

    /// <summary>The programs of the object.</summary>
    [JsonPropertyName("programs")]
    public IReadOnlyList<ImageProgram> Programs { get; init; } = [];

    /// <summary>The maps of the object, without those for global variables (.rodata, .bss).</summary>
    [JsonPropertyName("maps")]
    public IReadOnlyList<ImageMap> Maps { get; init; } = [];

    /// <summary>The parameters: globals that can be set before loading.</summary>
    [JsonPropertyName("parameters")]
    public IReadOnlyList<ImageParameter> Parameters { get; init; } = [];

    /// <summary>How the object was built; null if unknown.</summary>
    [JsonPropertyName("build")]
    public BuildFacts? Build { get; init; }

    /// <summary>Keys that this version does not know, unchanged.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }

    /// <summary>Returns the platform and the programs, for text views.</summary>
    public override string ToString() => $"{Os}/{Architecture} {string.Join(", ", Programs)}".TrimEnd();
}

/// <summary>A program of the object.</summary>
public sealed record ImageProgram
{
    /// <summary>The name of the C function.</summary>
    [JsonPropertyName("name")]
    public string Name { get; init; } = "";

    /// <summary>The ELF section, such as <c>tracepoint/syscalls/sys_enter_openat</c>.</summary>
    [JsonPropertyName("section")]
    public string? Section { get; init; }

    /// <summary>The program type, such as <c>Tracepoint</c>.</summary>
    [JsonPropertyName("type")]
    public string? Type { get; init; }

    /// <summary>The attach target, from the author's metadata, otherwise from the section name.</summary>
    [JsonPropertyName("attachTo")]
    public string? AttachTo { get; init; }

    /// <summary>Overrides the section name: false to skip the program, true to load a program that is optional; null to follow the section name.</summary>
    [JsonPropertyName("load")]
    public bool? Load { get; init; }

    /// <summary>The description of the program.</summary>
    [JsonPropertyName("description")]
    public string? Description { get; init; }

    /// <summary>The C type of the records of an iterator, from the author's metadata; null if not set.</summary>
    [JsonPropertyName("recordType")]
    public string? RecordType { get; init; }

    /// <summary>The metadata of the fields of an iterator's records, or null.</summary>
    [JsonPropertyName("fields")]
    public IReadOnlyList<ImageField>? Fields { get; init; }

    /// <summary>Returns the name, for text views.</summary>
    public override string ToString() => Name;
}

/// <summary>A map of the object.</summary>
public sealed record ImageMap
{
    /// <summary>The full name, from the ELF file.</summary>
    [JsonPropertyName("name")]
    public string Name { get; init; } = "";

    /// <summary>The map type, such as <c>RingBuffer</c>.</summary>
    [JsonPropertyName("type")]
    public string? Type { get; init; }

    /// <summary>The key size in bytes.</summary>
    [JsonPropertyName("keySize")]
    public uint KeySize { get; init; }

    /// <summary>The value size in bytes.</summary>
    [JsonPropertyName("valueSize")]
    public uint ValueSize { get; init; }

    /// <summary>The maximum number of entries; for a ring buffer the size in bytes.</summary>
    [JsonPropertyName("maxEntries")]
    public uint MaxEntries { get; init; }

    /// <summary>The C type of the key; null without BTF.</summary>
    [JsonPropertyName("keyType")]
    public string? KeyType { get; init; }

    /// <summary>The C type of the value or event; null without BTF.</summary>
    [JsonPropertyName("valueType")]
    public string? ValueType { get; init; }

    /// <summary>The C type of a buffer's records, from the author's metadata; null if not set.</summary>
    [JsonPropertyName("recordType")]
    public string? RecordType { get; init; }

    /// <summary>The role of the map: <c>Print</c>, <c>Counter</c>, <c>Gauge</c> or <c>Histogram</c>; null if it has none.</summary>
    [JsonPropertyName("role")]
    public string? Role { get; init; }

    /// <summary>The role that the author's metadata sets, including <c>None</c>; null to keep the role that the prefix of the name implies.</summary>
    [JsonPropertyName("kind")]
    public string? Kind { get; init; }

    /// <summary>The description of the map.</summary>
    [JsonPropertyName("help")]
    public string? Help { get; init; }

    /// <summary>The unit of the values.</summary>
    [JsonPropertyName("unit")]
    public string? Unit { get; init; }

    /// <summary>The maximum number of entries that the author's metadata sets; null to keep the number in the map's declaration.</summary>
    [JsonPropertyName("entries")]
    public uint? Entries { get; init; }

    /// <summary>The spacing of the slots of a histogram.</summary>
    [JsonPropertyName("scale")]
    public ImageScale? Scale { get; init; }

    /// <summary>The upper bounds of a histogram's buckets, in ascending order.</summary>
    [JsonPropertyName("buckets")]
    public IReadOnlyList<double>? Buckets { get; init; }

    /// <summary>The slot that contains the sum of the values, for a histogram whose slot numbers are in the key.</summary>
    [JsonPropertyName("sum")]
    public ImageSum? Sum { get; init; }

    /// <summary>The names of the fields that become labels.</summary>
    [JsonPropertyName("labels")]
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>The metadata of the map as a metric.</summary>
    [JsonPropertyName("metric")]
    public ImageMetric? Metric { get; init; }

    /// <summary>The severity of the events in a log, such as <c>Warning</c>.</summary>
    [JsonPropertyName("severity")]
    public string? Severity { get; init; }

    /// <summary>The fields that have metadata.</summary>
    [JsonPropertyName("fields")]
    public IReadOnlyList<ImageField>? Fields { get; init; }

    /// <summary>Returns the name, for text views.</summary>
    public override string ToString() => Name;
}

/// <summary>The metadata of the metric that a map becomes.</summary>
public sealed record ImageMetric
{
    /// <summary>The metric's name, without the prefix of the tool's name.</summary>
    [JsonPropertyName("name")]
    public string? Name { get; init; }

    /// <summary><c>Counter</c>, <c>Gauge</c>, <c>Histogram</c>, or <c>None</c> to export no metric.</summary>
    [JsonPropertyName("type")]
    public string? Type { get; init; }

    /// <summary>The unit of the values.</summary>
    [JsonPropertyName("unit")]
    public string? Unit { get; init; }

    /// <summary>The help text of the metric.</summary>
    [JsonPropertyName("help")]
    public string? Help { get; init; }

    /// <summary>The names of the fields that become labels.</summary>
    [JsonPropertyName("labels")]
    public IReadOnlyList<string>? Labels { get; init; }
}

/// <summary>The slot of a histogram that holds the sum of its values.</summary>
public sealed record ImageSum
{
    /// <summary>The number of the slot.</summary>
    [JsonPropertyName("slot")]
    public uint Slot { get; init; }

    /// <summary>The factor that converts the sum to the unit of the values.</summary>
    [JsonPropertyName("factor")]
    public double Factor { get; init; } = 1;
}

/// <summary>The spacing of the slots of a histogram.</summary>
public sealed record ImageScale
{
    /// <summary><c>Log2</c>, <c>Linear</c> or <c>Bounds</c>.</summary>
    [JsonPropertyName("spacing")]
    public string? Spacing { get; init; }

    /// <summary>The lowest value of the first linear slot.</summary>
    [JsonPropertyName("start")]
    public double Start { get; init; }

    /// <summary>The width of a linear slot.</summary>
    [JsonPropertyName("step")]
    public double Step { get; init; } = 1;
}

/// <summary>The metadata of a field of a map's events or entries.</summary>
public sealed record ImageField
{
    /// <summary>The name of the field in C, or <c>Key</c> or <c>Value</c>.</summary>
    [JsonPropertyName("name")]
    public string Name { get; init; } = "";

    /// <summary>The description of the field.</summary>
    [JsonPropertyName("description")]
    public string? Description { get; init; }

    /// <summary>The width of its column in characters.</summary>
    [JsonPropertyName("width")]
    public int? Width { get; init; }

    /// <summary>Whether its column is aligned to the right.</summary>
    [JsonPropertyName("alignRight")]
    public bool? AlignRight { get; init; }

    /// <summary>The position of its column. Columns without a position follow those with one.</summary>
    [JsonPropertyName("order")]
    public int? Order { get; init; }

    /// <summary>Whether tables omit its column.</summary>
    [JsonPropertyName("hidden")]
    public bool? Hidden { get; init; }

    /// <summary>Whether the field is a char array of words, each of which ends with a NUL.</summary>
    [JsonPropertyName("words")]
    public bool? Words { get; init; }

    /// <summary>Returns the name, for text views.</summary>
    public override string ToString() => Name;

    /// <summary>The role of the field in a metric: <c>Key</c>, <c>Counter</c> or <c>Gauge</c>.</summary>
    [JsonPropertyName("metric")]
    public string? Metric { get; init; }

    /// <summary>The unit of its values in a metric.</summary>
    [JsonPropertyName("unit")]
    public string? Unit { get; init; }

    /// <summary>The name of its label in a metric; null for the field's own name.</summary>
    [JsonPropertyName("label")]
    public string? Label { get; init; }

    /// <summary>The conversion of its value to a label, such as <c>Ksym</c>.</summary>
    [JsonPropertyName("decode")]
    public string? Decode { get; init; }

    /// <summary>The names of values, by the value as text.</summary>
    [JsonPropertyName("values")]
    public IReadOnlyDictionary<string, string>? Values { get; init; }

    /// <summary>The severities of events in a log, by the value of the field as text.</summary>
    [JsonPropertyName("severities")]
    public IReadOnlyDictionary<string, string>? Severities { get; init; }
}

/// <summary>A parameter: a global that can be set before loading.</summary>
public sealed record ImageParameter
{
    /// <summary>The name of the variable.</summary>
    [JsonPropertyName("name")]
    public string Name { get; init; } = "";

    /// <summary>The type in C syntax.</summary>
    [JsonPropertyName("type")]
    public string? Type { get; init; }

    /// <summary>The size in bytes.</summary>
    [JsonPropertyName("size")]
    public int Size { get; init; }

    /// <summary>The value in the C file, as text.</summary>
    [JsonPropertyName("default")]
    public string? Default { get; init; }

    /// <summary>The name under which users set it; null for the variable's own name.</summary>
    [JsonPropertyName("key")]
    public string? Key { get; init; }

    /// <summary>The description of the parameter.</summary>
    [JsonPropertyName("description")]
    public string? Description { get; init; }

    /// <summary>The default that the author's metadata sets: text, a list, or a dictionary by field; null to keep the value in the C file.</summary>
    [JsonPropertyName("authorDefault")]
    [JsonConverter(typeof(PlainValueConverter))]
    public object? AuthorDefault { get; init; }

    /// <summary>Returns the name, for text views.</summary>
    public override string ToString() => Name;
}

/// <summary>How the object was built. Paths are mapped as in the compiler's output, so that they do not depend on the build folder.</summary>
public sealed record BuildFacts
{
    /// <summary>The file name of the source, without a folder.</summary>
    [JsonPropertyName("source")]
    public string? Source { get; init; }

    /// <summary>The name and version that the compiler prints.</summary>
    [JsonPropertyName("clang")]
    public string? Clang { get; init; }

    /// <summary>The flags that change the output, without paths.</summary>
    [JsonPropertyName("flags")]
    public IReadOnlyList<string> Flags { get; init; } = [];

    /// <summary>The digest of the vmlinux.h that the source was compiled against.</summary>
    [JsonPropertyName("vmlinuxDigest")]
    public string? VmlinuxDigest { get; init; }

    /// <summary>The version of Bee.</summary>
    [JsonPropertyName("bee")]
    public string? Bee { get; init; }

    /// <summary>Returns the source and the compiler, for text views.</summary>
    public override string ToString() => string.Join(", ", new[] { Source, Clang }.Where(text => !string.IsNullOrEmpty(text)));
}

/// <summary>Sanitizes an untrusted config: removes control characters, and nulls that the types do not allow.</summary>
internal static class ConfigCheck
{
    /// <summary>Returns the sanitized config.</summary>
    public static ImageConfig Sanitize(ImageConfig config) => config with
    {
        Os = Text(config.Os),
        Architecture = Text(config.Architecture),
        Programs = List(config.Programs, p => p with
        {
            Name = Text(p.Name) ?? "",
            Section = Text(p.Section),
            Type = Text(p.Type),
            AttachTo = Text(p.AttachTo),
            Description = Text(p.Description),
            RecordType = Text(p.RecordType),
            Fields = Fields(p.Fields),
        }),
        Maps = List(config.Maps, m => m with
        {
            Name = Text(m.Name) ?? "",
            Type = Text(m.Type),
            KeyType = Text(m.KeyType),
            ValueType = Text(m.ValueType),
            RecordType = Text(m.RecordType),
            Role = Text(m.Role),
            Kind = Text(m.Kind),
            Help = Text(m.Help),
            Unit = Text(m.Unit),
            Scale = m.Scale is { } scale ? scale with { Spacing = Text(scale.Spacing) } : null,
            Labels = m.Labels is { } labels ? List(labels, TerminalText.Clean) : null,
            Metric = m.Metric is { } metric
                ? metric with
                {
                    Name = Text(metric.Name),
                    Type = Text(metric.Type),
                    Unit = Text(metric.Unit),
                    Help = Text(metric.Help),
                    Labels = metric.Labels is { } metricLabels ? List(metricLabels, TerminalText.Clean) : null,
                }
                : null,
            Severity = Text(m.Severity),
            Fields = Fields(m.Fields),
        }),
        Parameters = List(config.Parameters, p => p with
        {
            Name = Text(p.Name) ?? "",
            Type = Text(p.Type),
            Default = Text(p.Default),
            Key = Text(p.Key),
            Description = Text(p.Description),
        }),
        Build = config.Build is { } build
            ? build with
            {
                Source = Text(build.Source),
                Clang = Text(build.Clang),
                Flags = List(build.Flags, TerminalText.Clean),
                VmlinuxDigest = Text(build.VmlinuxDigest),
                Bee = Text(build.Bee),
            }
            : null,
    };

    private static ImageField[]? Fields(IReadOnlyList<ImageField>? fields) =>
        fields is null ? null : List(fields, f => f with { Name = Text(f.Name) ?? "", Description = Text(f.Description), Metric = Text(f.Metric), Unit = Text(f.Unit), Label = Text(f.Label), Decode = Text(f.Decode), Values = Texts(f.Values), Severities = Texts(f.Severities) });

    private static Dictionary<string, string>? Texts(IReadOnlyDictionary<string, string>? texts) =>
        texts?.Where(pair => pair.Value is not null).DistinctBy(pair => TerminalText.Clean(pair.Key)).ToDictionary(pair => TerminalText.Clean(pair.Key), pair => TerminalText.Clean(pair.Value));

    private static string? Text(string? text) => text is null ? null : TerminalText.Clean(text);

    // The JSON reader sets null for properties of non-nullable types too.
    private static T[] List<T>(IReadOnlyList<T>? list, Func<T, T> each)
        where T : class => [.. (list ?? []).Where(item => item is not null).Select(each)];
}

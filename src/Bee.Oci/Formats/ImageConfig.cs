using System.Text.Json;
using System.Text.Json.Serialization;
using Bee.Posix;

namespace Bee.Oci.Formats;

/// <summary>
/// What an image says about its program: the JSON object of media type <see cref="MediaTypes.EbpfConfig"/>. All of it is Bee's own;
/// an image of BumbleBee's has an empty one. Nothing here may depend on the time or the folder of the build, or the same source
/// would give another digest.
/// </summary>
public sealed record ImageConfig
{
    /// <summary>The version of these keys that this code writes.</summary>
    public const int CurrentVersion = 1;

    /// <summary>An empty config, as BumbleBee writes it.</summary>
    public static ImageConfig Empty { get; } = new() { Version = null };

    /// <summary>Version of these keys: 1; null in an image that is not Bee's. A newer version is read as far as it is known.</summary>
    [JsonPropertyName("version")]
    public int? Version { get; init; } = CurrentVersion;

    /// <summary>Operating system the program is for, <c>linux</c>.</summary>
    [JsonPropertyName("os")]
    public string? Os { get; init; }

    /// <summary>Architecture the program was compiled for, in Go's naming.</summary>
    [JsonPropertyName("architecture")]
    public string? Architecture { get; init; }

    /// <summary>The programs of the object.</summary>
    [JsonPropertyName("programs")]
    public IReadOnlyList<ImageProgram> Programs { get; init; } = [];

    /// <summary>The maps of the object, without the compiler's own (.rodata, .bss).</summary>
    [JsonPropertyName("maps")]
    public IReadOnlyList<ImageMap> Maps { get; init; } = [];

    /// <summary>The globals that can be set before loading.</summary>
    [JsonPropertyName("parameters")]
    public IReadOnlyList<ImageParameter> Parameters { get; init; } = [];

    /// <summary>How the object was built, where that is known.</summary>
    [JsonPropertyName("build")]
    public BuildFacts? Build { get; init; }

    /// <summary>Keys that this version does not know, kept as they are.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }

    /// <summary>Platform and programs, for text views.</summary>
    public override string ToString() => $"{Os}/{Architecture} {string.Join(", ", Programs)}".TrimEnd();
}

/// <summary>A program of the object.</summary>
public sealed record ImageProgram
{
    /// <summary>Name of the C function.</summary>
    [JsonPropertyName("name")]
    public string Name { get; init; } = "";

    /// <summary>ELF section, such as <c>tracepoint/syscalls/sys_enter_openat</c>.</summary>
    [JsonPropertyName("section")]
    public string? Section { get; init; }

    /// <summary>Program type, such as <c>Tracepoint</c>.</summary>
    [JsonPropertyName("type")]
    public string? Type { get; init; }

    /// <summary>What it attaches to: what the author says, else what the section says.</summary>
    [JsonPropertyName("attachTo")]
    public string? AttachTo { get; init; }

    /// <summary>Whether the program is loaded, where that differs from what its section says: false for one that is left out, true for an optional one that is not.</summary>
    [JsonPropertyName("load")]
    public bool? Load { get; init; }

    /// <summary>What it does.</summary>
    [JsonPropertyName("description")]
    public string? Description { get; init; }

    /// <summary>Of an iterator that writes records: their C type as the author gives it; otherwise null.</summary>
    [JsonPropertyName("recordType")]
    public string? RecordType { get; init; }

    /// <summary>Of an iterator that gives records: what is said of their fields. Null where nothing is.</summary>
    [JsonPropertyName("fields")]
    public IReadOnlyList<ImageField>? Fields { get; init; }

    /// <summary>The name, for text views.</summary>
    public override string ToString() => Name;
}

/// <summary>A map of the object.</summary>
public sealed record ImageMap
{
    /// <summary>Whole name, from the ELF file.</summary>
    [JsonPropertyName("name")]
    public string Name { get; init; } = "";

    /// <summary>Map type, such as <c>RingBuffer</c>.</summary>
    [JsonPropertyName("type")]
    public string? Type { get; init; }

    /// <summary>Key size in bytes.</summary>
    [JsonPropertyName("keySize")]
    public uint KeySize { get; init; }

    /// <summary>Value size in bytes.</summary>
    [JsonPropertyName("valueSize")]
    public uint ValueSize { get; init; }

    /// <summary>Entries; bytes for a ring buffer.</summary>
    [JsonPropertyName("maxEntries")]
    public uint MaxEntries { get; init; }

    /// <summary>C type of the key, where BTF tells it.</summary>
    [JsonPropertyName("keyType")]
    public string? KeyType { get; init; }

    /// <summary>C type of the value or event, where BTF tells it.</summary>
    [JsonPropertyName("valueType")]
    public string? ValueType { get; init; }

    /// <summary>C type of a buffer's records where the author gives it, since the map's declaration does not; otherwise null.</summary>
    [JsonPropertyName("recordType")]
    public string? RecordType { get; init; }

    /// <summary>What it is for: <c>Print</c>, <c>Counter</c>, <c>Gauge</c>, <c>Histogram</c>; null for none.</summary>
    [JsonPropertyName("role")]
    public string? Role { get; init; }

    /// <summary>The role where the author gives it in place of the name's prefix, <c>None</c> too; otherwise null.</summary>
    [JsonPropertyName("kind")]
    public string? Kind { get; init; }

    /// <summary>What it tells.</summary>
    [JsonPropertyName("help")]
    public string? Help { get; init; }

    /// <summary>Unit of its values.</summary>
    [JsonPropertyName("unit")]
    public string? Unit { get; init; }

    /// <summary>Entries where the author gives the number in place of the declaration; otherwise null.</summary>
    [JsonPropertyName("entries")]
    public uint? Entries { get; init; }

    /// <summary>How the slots of a histogram are spaced.</summary>
    [JsonPropertyName("scale")]
    public ImageScale? Scale { get; init; }

    /// <summary>Upper bounds of a histogram's buckets, rising.</summary>
    [JsonPropertyName("buckets")]
    public IReadOnlyList<double>? Buckets { get; init; }

    /// <summary>Where a histogram whose slots are in the key keeps the sum of its values.</summary>
    [JsonPropertyName("sum")]
    public ImageSum? Sum { get; init; }

    /// <summary>Names of the fields that tell series apart.</summary>
    [JsonPropertyName("labels")]
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>What the author says about the map as a metric.</summary>
    [JsonPropertyName("metric")]
    public ImageMetric? Metric { get; init; }

    /// <summary>How severe its events are in a log, such as <c>Warning</c>.</summary>
    [JsonPropertyName("severity")]
    public string? Severity { get; init; }

    /// <summary>The fields that the author says something about.</summary>
    [JsonPropertyName("fields")]
    public IReadOnlyList<ImageField>? Fields { get; init; }

    /// <summary>The name, for text views.</summary>
    public override string ToString() => Name;
}

/// <summary>What an author says about the metric that a map becomes.</summary>
public sealed record ImageMetric
{
    /// <summary>Its name behind the tool's.</summary>
    [JsonPropertyName("name")]
    public string? Name { get; init; }

    /// <summary><c>Counter</c>, <c>Gauge</c>, <c>Histogram</c>, or <c>None</c> for a map that is no metric.</summary>
    [JsonPropertyName("type")]
    public string? Type { get; init; }

    /// <summary>Unit of its values.</summary>
    [JsonPropertyName("unit")]
    public string? Unit { get; init; }

    /// <summary>What it tells.</summary>
    [JsonPropertyName("help")]
    public string? Help { get; init; }

    /// <summary>Names of the fields that are its labels.</summary>
    [JsonPropertyName("labels")]
    public IReadOnlyList<string>? Labels { get; init; }
}

/// <summary>The slot of a histogram that holds the sum of its values.</summary>
public sealed record ImageSum
{
    /// <summary>The slot's number.</summary>
    [JsonPropertyName("slot")]
    public uint Slot { get; init; }

    /// <summary>What the sum is multiplied by.</summary>
    [JsonPropertyName("factor")]
    public double Factor { get; init; } = 1;
}

/// <summary>How the slots of a histogram are spaced.</summary>
public sealed record ImageScale
{
    /// <summary><c>Log2</c>, <c>Linear</c> or <c>Bounds</c>.</summary>
    [JsonPropertyName("spacing")]
    public string? Spacing { get; init; }

    /// <summary>Lowest value of the first linear slot.</summary>
    [JsonPropertyName("start")]
    public double Start { get; init; }

    /// <summary>Width of a linear slot.</summary>
    [JsonPropertyName("step")]
    public double Step { get; init; } = 1;
}

/// <summary>How a field of a map's events or entries is shown.</summary>
public sealed record ImageField
{
    /// <summary>Name of the field in C, or <c>Key</c> or <c>Value</c>.</summary>
    [JsonPropertyName("name")]
    public string Name { get; init; } = "";

    /// <summary>What it tells.</summary>
    [JsonPropertyName("description")]
    public string? Description { get; init; }

    /// <summary>Characters of its column.</summary>
    [JsonPropertyName("width")]
    public int? Width { get; init; }

    /// <summary>Whether its column is aligned to the right.</summary>
    [JsonPropertyName("alignRight")]
    public bool? AlignRight { get; init; }

    /// <summary>Place of its column; those without a number come behind those with one.</summary>
    [JsonPropertyName("order")]
    public int? Order { get; init; }

    /// <summary>Whether tables leave it out.</summary>
    [JsonPropertyName("hidden")]
    public bool? Hidden { get; init; }

    /// <summary>Whether it is a char array of words with a NUL behind each.</summary>
    [JsonPropertyName("words")]
    public bool? Words { get; init; }

    /// <summary>The name, for text views.</summary>
    public override string ToString() => Name;

    /// <summary>What it is in a metric: <c>Key</c>, <c>Counter</c> or <c>Gauge</c>.</summary>
    [JsonPropertyName("metric")]
    public string? Metric { get; init; }

    /// <summary>Unit of its values in a metric.</summary>
    [JsonPropertyName("unit")]
    public string? Unit { get; init; }

    /// <summary>Name of the label that it is in a metric; null where that is its own.</summary>
    [JsonPropertyName("label")]
    public string? Label { get; init; }

    /// <summary>How it is written as a label, such as <c>Ksym</c>.</summary>
    [JsonPropertyName("decode")]
    public string? Decode { get; init; }

    /// <summary>Names of single values, by the value as text.</summary>
    [JsonPropertyName("values")]
    public IReadOnlyDictionary<string, string>? Values { get; init; }

    /// <summary>How severe events with single values are in a log, by the value as text.</summary>
    [JsonPropertyName("severities")]
    public IReadOnlyDictionary<string, string>? Severities { get; init; }
}

/// <summary>A global of the program that can be set before loading.</summary>
public sealed record ImageParameter
{
    /// <summary>Name of the variable.</summary>
    [JsonPropertyName("name")]
    public string Name { get; init; } = "";

    /// <summary>Type as C writes it.</summary>
    [JsonPropertyName("type")]
    public string? Type { get; init; }

    /// <summary>Size in bytes.</summary>
    [JsonPropertyName("size")]
    public int Size { get; init; }

    /// <summary>Value it has when nobody sets it, as text.</summary>
    [JsonPropertyName("default")]
    public string? Default { get; init; }

    /// <summary>The name by which people set it; null where that is the variable's.</summary>
    [JsonPropertyName("key")]
    public string? Key { get; init; }

    /// <summary>What it does.</summary>
    [JsonPropertyName("description")]
    public string? Description { get; init; }

    /// <summary>The default that the author gives in place of the C file's: text, a list, or a dictionary by field; null where the C file's counts.</summary>
    [JsonPropertyName("authorDefault")]
    [JsonConverter(typeof(PlainValueConverter))]
    public object? AuthorDefault { get; init; }

    /// <summary>The name, for text views.</summary>
    public override string ToString() => Name;
}

/// <summary>How the object was built. Paths in here must be mapped, as in the compiler's output.</summary>
public sealed record BuildFacts
{
    /// <summary>File name of the source, without a folder.</summary>
    [JsonPropertyName("source")]
    public string? Source { get; init; }

    /// <summary>Compiler and version, as it tells it itself.</summary>
    [JsonPropertyName("clang")]
    public string? Clang { get; init; }

    /// <summary>The flags that change the output, without paths.</summary>
    [JsonPropertyName("flags")]
    public IReadOnlyList<string> Flags { get; init; } = [];

    /// <summary>Digest of the vmlinux.h that the source was compiled against.</summary>
    [JsonPropertyName("vmlinuxDigest")]
    public string? VmlinuxDigest { get; init; }

    /// <summary>Bee's version.</summary>
    [JsonPropertyName("bee")]
    public string? Bee { get; init; }

    /// <summary>Source and compiler, for text views.</summary>
    public override string ToString() => string.Join(", ", new[] { Source, Clang }.Where(text => !string.IsNullOrEmpty(text)));
}

/// <summary>Makes a config that anyone may have written fit to be shown: no nulls where there are none by type, no control characters.</summary>
internal static class ConfigCheck
{
    /// <summary>The config with every list and name in place.</summary>
    public static ImageConfig Sound(ImageConfig config) => config with
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

    // The JSON reader fills a property with null whatever its type says.
    private static T[] List<T>(IReadOnlyList<T>? list, Func<T, T> each)
        where T : class => [.. (list ?? []).Where(item => item is not null).Select(each)];
}

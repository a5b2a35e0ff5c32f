using Bee.Ebpf.Btf;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Toolchain.Isolation;

namespace Bee.Toolchain.Manifest;

/// <summary>What the configuration of Cloudflare's ebpf_exporter says about a program's maps as metrics: the YAML file that has the C file's name.</summary>
internal sealed record ExporterMetadata
{
    private const string CpuLabel = "cpu", BucketLabel = "bucket";

    /// <summary>The metrics; a metric has the name of its map.</summary>
    public IReadOnlyList<ExporterMetric> Metrics { get; init; } = [];

    /// <summary>What the file says and Bee does not do, as sentences.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Returns the name of the file that may belong to a source: <c>tool.yaml</c> beside <c>tool.bpf.c</c>.</summary>
    /// <param name="source">The path of the C file.</param>
    public static string FileOf(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var name = Path.GetFileName(source);
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return Path.Combine(Path.GetDirectoryName(source) ?? "", (dot < 0 ? name : name[..dot]) + ".yaml");
    }

    /// <summary>Returns the metadata of an object's maps, and what cannot be applied to them.</summary>
    /// <param name="file">The object.</param>
    /// <param name="warn">Receives a sentence for each thing that does not fit the object.</param>
    public ObjectMetadata Of(ObjectFile file, Action<string> warn)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(warn);
        var maps = new Dictionary<string, MapMetadata>(StringComparer.Ordinal);
        foreach (var metric in Metrics)
        {
            if (file.Maps.FirstOrDefault(map => map.Name == metric.Name && !map.IsInternal) is { } map)
            {
                maps[map.Name] = Of(metric, map, warn);
            }
            else
            {
                warn($"The metric '{metric.Name}' has no map of that name.");
            }
        }

        return new ObjectMetadata { Maps = maps };
    }

    private static MapMetadata Of(ExporterMetric metric, MapDescription map, Action<string> warn)
    {
        var fields = new Dictionary<string, FieldMetadata>(StringComparer.Ordinal);
        var labels = new List<string>();
        var at = 0;
        foreach (var label in metric.Labels)
        {
            var offset = at;
            at += label.Size;
            if (metric.Type == MapRole.Histogram && label.Name == BucketLabel)
            {
                continue;
            }

            if (map.IsPerCpu && label.Name == CpuLabel && offset >= map.KeySize)
            {
                warn($"The metric '{metric.Name}' has a label for each CPU; its values are added up instead.");
            }
            else if (FieldAt(map, offset) is { } field)
            {
                labels.Add(field);
                fields[field] = new FieldMetadata { Label = label.Name == field ? null : label.Name, Decode = label.Decode, Values = label.Values };
            }
            else
            {
                warn($"The metric '{metric.Name}' has a label '{label.Name}' at byte {offset} of the key, where the key has no field.");
            }
        }

        return new MapMetadata
        {
            Kind = metric.Type,
            Help = metric.Help,
            Unit = metric.Type == MapRole.Histogram && metric.Name.EndsWith("_seconds", StringComparison.Ordinal) ? "s" : null,
            Scale = metric.Scale,
            Buckets = metric.Buckets,
            Sum = metric.Sum,
            Labels = labels,
            Fields = fields,
        };
    }

    // A key that is not a struct is one label. An array's key has no type of its own in most sources.
    private static string? FieldAt(MapDescription map, int offset) => map.Key?.Resolve() is BtfStruct { IsUnion: false } key
        ? key.Members.FirstOrDefault(member => member.Name.Length > 0 && member is { BitSize: 0 } && member.BitOffset == offset * 8)?.Name
        : offset == 0 ? "Key" : null;
}

/// <summary>A metric that ebpf_exporter makes of a map.</summary>
/// <param name="Name">The metric's name, which is the map's.</param>
/// <param name="Type"><see cref="MapRole.Counter"/> or <see cref="MapRole.Histogram"/>.</param>
internal sealed record ExporterMetric(string Name, MapRole Type)
{
    /// <summary>The help text; null for none.</summary>
    public string? Help { get; init; }

    /// <summary>The parts of the key, in their order, the slot of a histogram included.</summary>
    public IReadOnlyList<ExporterLabel> Labels { get; init; } = [];

    /// <summary>The upper bounds of a histogram's buckets; empty if <see cref="Scale"/> says them.</summary>
    public IReadOnlyList<double> Buckets { get; init; } = [];

    /// <summary>How a histogram's slots are spaced; null if <see cref="Buckets"/> says it.</summary>
    public HistogramScale? Scale { get; init; }

    /// <summary>Where the sum is.</summary>
    public HistogramSum? Sum { get; init; }
}

/// <summary>A part of a key that is a label.</summary>
/// <param name="Name">The label's name.</param>
/// <param name="Size">Its bytes, those of the padding behind it included.</param>
internal sealed record ExporterLabel(string Name, int Size)
{
    /// <summary>How it is written; null as its type says.</summary>
    public LabelDecoder? Decode { get; init; }

    /// <summary>Names of single values.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>();
}

/// <summary>Reads an <see cref="ExporterMetadata"/>. Get one from <see cref="Isolated.Create{T}"/>.</summary>
internal interface IExporterMetadataReader
{
    /// <summary>Reads the configuration of a program of ebpf_exporter.</summary>
    /// <param name="path">What the text is called in messages: the file that it is from.</param>
    /// <param name="text">The YAML text.</param>
    /// <returns>The metadata; null if the file is something else.</returns>
    /// <exception cref="ManifestException">It is not YAML, or says a metric wrongly.</exception>
    ExporterMetadata? Read(string path, string text);
}

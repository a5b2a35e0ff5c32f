using Bee.Ebpf.Btf;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Toolchain.Isolation;

namespace Bee.Toolchain.Manifest;

/// <summary>The metric configuration of a program of Cloudflare's ebpf_exporter: the YAML file with the C file's name.</summary>
internal sealed record ExporterMetadata
{
    private const string CpuLabel = "cpu", BucketLabel = "bucket";

    /// <summary>The metrics. A metric has the name of its map.</summary>
    public IReadOnlyList<ExporterMetric> Metrics { get; init; } = [];

    /// <summary>The parts of the file that Bee does not support, as sentences.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Returns the path of the configuration that may belong to a source: <c>tool.yaml</c> next to <c>tool.bpf.c</c>.</summary>
    /// <param name="source">The path of the C file.</param>
    public static string FileOf(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var name = Path.GetFileName(source);
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return Path.Combine(Path.GetDirectoryName(source) ?? "", (dot < 0 ? name : name[..dot]) + ".yaml");
    }

    /// <summary>Returns the metadata of an object's maps, and warns about parts that do not apply.</summary>
    /// <param name="file">The object.</param>
    /// <param name="warn">Receives a sentence for each part that does not fit the object.</param>
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
                warn($"The metric '{metric.Name}' has no map with this name.");
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
                warn($"The metric '{metric.Name}' has a label for the CPU; Bee adds up the values of all CPUs instead.");
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

    // A key that is not a struct is one label. In most sources, an array's key has no type.
    private static string? FieldAt(MapDescription map, int offset) => map.Key?.Resolve() is BtfStruct { IsUnion: false } key
        ? key.Members.FirstOrDefault(member => member.Name.Length > 0 && member is { BitSize: 0 } && member.BitOffset == offset * 8)?.Name
        : offset == 0 ? "Key" : null;
}

/// <summary>A metric that ebpf_exporter derives from a map.</summary>
/// <param name="Name">The name of the metric and of its map.</param>
/// <param name="Type"><see cref="MapRole.Counter"/> or <see cref="MapRole.Histogram"/>.</param>
internal sealed record ExporterMetric(string Name, MapRole Type)
{
    /// <summary>The help text, or null.</summary>
    public string? Help { get; init; }

    /// <summary>The parts of the key in order, including the slot of a histogram.</summary>
    public IReadOnlyList<ExporterLabel> Labels { get; init; } = [];

    /// <summary>The upper bounds of a histogram's buckets; empty if <see cref="Scale"/> defines them.</summary>
    public IReadOnlyList<double> Buckets { get; init; } = [];

    /// <summary>The spacing of a histogram's slots; null if <see cref="Buckets"/> defines them.</summary>
    public HistogramScale? Scale { get; init; }

    /// <summary>The slot with the sum.</summary>
    public HistogramSum? Sum { get; init; }
}

/// <summary>A part of a key that becomes a label.</summary>
/// <param name="Name">The name of the label.</param>
/// <param name="Size">The size in bytes, including padding after the part.</param>
internal sealed record ExporterLabel(string Name, int Size)
{
    /// <summary>The conversion to text; null if the type decides.</summary>
    public LabelDecoder? Decode { get; init; }

    /// <summary>Label texts of single values.</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>();
}

/// <summary>Reads an <see cref="ExporterMetadata"/>. Get one from <see cref="Isolated.Create{T}"/>.</summary>
internal interface IExporterMetadataReader
{
    /// <summary>Reads the configuration of an ebpf_exporter program.</summary>
    /// <param name="path">The path of the file, for messages.</param>
    /// <param name="text">The YAML text.</param>
    /// <returns>The metadata; null if the file is not such a configuration.</returns>
    /// <exception cref="ManifestException">The text is not YAML, or defines an invalid metric.</exception>
    ExporterMetadata? Read(string path, string text);
}

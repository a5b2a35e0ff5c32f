using System.Globalization;
using Bee.Ebpf.Metadata;
using Bee.Toolchain.Manifest;
using YamlDotNet.RepresentationModel;

namespace Bee.Isolated;

/// <summary>Reads configurations of ebpf_exporter. Unknown keys are ignored, because newer versions of ebpf_exporter add keys.</summary>
public sealed class ExporterMetadataReader : IExporterMetadataReader
{
    /// <inheritdoc/>
    ExporterMetadata? IExporterMetadataReader.Read(string path, string text) =>
        YamlText.Load(path, text) is [{ RootNode: YamlMappingNode root }, ..] && YamlTree.Child(root, "metrics") is YamlMappingNode metrics
            ? new ExporterDocument(path).Read(root, metrics)
            : null;
}

/// <summary>Converts one configuration of ebpf_exporter.</summary>
internal sealed class ExporterDocument(string path)
{
    private const int MostMetrics = 1000, LastSlot = 64;
    private static readonly string[] s_plain = ["uint", "string"];

    private readonly List<string> _warnings = [];

    public ExporterMetadata Read(YamlMappingNode root, YamlMappingNode metrics)
    {
        foreach (var (key, what) in new[] { ("kaddrs", "addresses of kernel symbols"), ("cgroup_id_map", "a map of cgroups"), ("tracing", "spans") })
        {
            if (YamlTree.Child(root, key) is not null)
            {
                _warnings.Add($"'{key}' is ignored: Bee does not provide {what}.");
            }
        }

        return new ExporterMetadata
        {
            Metrics = [.. Items(metrics, "counters").Select(Counter), .. Items(metrics, "histograms").Select(Histogram)],
            Warnings = [.. _warnings.Distinct()],
        };
    }

    private ExporterMetric Counter(YamlNode node)
    {
        var metric = Metric(node, MapRole.Counter);
        if (Text(node, "perf_event_array") == "true")
        {
            _warnings.Add($"The metric '{metric.Name}' counts the records of a perf buffer; its labels are the records' fields.");
        }

        return metric;
    }

    private ExporterMetric Histogram(YamlNode node)
    {
        var metric = Metric(node, MapRole.Histogram);
        var factor = Number(node, "bucket_multiplier") is { } given and not 0 ? given : 1;
        if (factor < 0)
        {
            throw Wrong(node, $"'{metric.Name}' has a negative bucket_multiplier.");
        }

        var last = (int)(Number(node, "bucket_max") ?? 0);
        var type = Text(node, "bucket_type");
        if (type == "fixed")
        {
            double[] keys = [.. (YamlTree.Child(node, "bucket_keys") as YamlSequenceNode ?? []).Select(key => Number(key) ?? throw Wrong(key, "a bucket's key must be a number."))];
            if (keys.Length == 0 || keys[0] < 0 || keys[^1] >= int.MaxValue || keys.Zip(keys.Skip(1)).Any(pair => pair.First >= pair.Second))
            {
                throw Wrong(node, keys.Length == 0 ? $"'{metric.Name}' has no bucket_keys." : $"the bucket_keys of '{metric.Name}' must ascend, from 0 or more to less than 2147483647.");
            }

            return metric with
            {
                Scale = new HistogramScale { Spacing = HistogramSpacing.Bounds, Step = factor },
                Buckets = [.. keys.Select(key => key * factor)],
                Sum = new HistogramSum { Slot = (uint)keys[^1] + 1, Factor = factor },
            };
        }

        if (last is < 1 or int.MaxValue || (last > LastSlot && type != "linear") || Number(node, "bucket_min") is not (null or 0))
        {
            throw Wrong(node, $"'{metric.Name}' has slots from {Text(node, "bucket_min")} to {last}; the limits are 0 and {LastSlot}.");
        }

        metric = metric with { Sum = new HistogramSum { Slot = (uint)last + 1, Factor = factor } };
        // The last slot also counts larger values, so it has no bound.
        return type switch
        {
            "exp2" => metric with { Buckets = Powers(last, factor) },
            "exp2zero" => metric with { Buckets = [0, .. Powers(last - 1, factor)] },
            "linear" => metric with { Scale = new HistogramScale { Spacing = HistogramSpacing.Linear, Step = factor } },
            _ => throw Wrong(node, $"'{metric.Name}' has the unknown bucket_type '{type}'. Use exp2, exp2zero, linear or fixed."),
        };
    }

    private static double[] Powers(int count, double factor) => [.. Enumerable.Range(0, count).Select(power => Math.ScaleB(1, power) * factor)];

    private ExporterMetric Metric(YamlNode node, MapRole type) => new(Text(node, "name") ?? throw Wrong(node, "a metric has no name."), type)
    {
        Help = Text(node, "help"),
        Labels = [.. Items(node, "labels").Select(Label)],
    };

    private ExporterLabel Label(YamlNode node)
    {
        var name = Text(node, "name") ?? throw Wrong(node, "a label has no name.");
        var label = new ExporterLabel(name, (int)((Number(node, "size") ?? 0) + (Number(node, "padding") ?? 0)));
        foreach (var decoder in Items(node, "decoders"))
        {
            var known = Text(decoder, "name") ?? "";
            if (known == "static_map")
            {
                label = label with { Values = YamlTree.Pairs(YamlTree.Child(decoder, "static_map")).DistinctBy(pair => pair.Name).ToDictionary(pair => pair.Name, pair => YamlTree.Text(pair.Value) ?? "") };
            }
            else if (MetadataNames.Decoders.FindWord(known) is { } decode)
            {
                label = label with { Decode = decode };
            }
            else if (!s_plain.Contains(known))
            {
                _warnings.Add($"The decoder '{known}' of label '{name}' is unknown. The label shows the undecoded value.");
            }
        }

        return label;
    }

    private IEnumerable<YamlNode> Items(YamlNode node, string key) => YamlTree.Child(node, key) switch
    {
        null or YamlScalarNode { Value: null or "" } => [],
        YamlSequenceNode { Children: { Count: <= MostMetrics } items } => items,
        var other => throw Wrong(other, $"{key} must be a list of at most {MostMetrics} items, not {ManifestDocument.Kind(other)}."),
    };

    private static string? Text(YamlNode node, string key) => YamlTree.Text(YamlTree.Child(node, key));

    private double? Number(YamlNode node, string key) => YamlTree.Child(node, key) is { } found ? Number(found) ?? throw Wrong(found, $"{key} must be a number.") : null;

    private static double? Number(YamlNode node) =>
        double.TryParse(YamlTree.Text(node), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    private ManifestException Wrong(YamlNode node, string problem) => new(path, (int)node.Start.Line, (int)node.Start.Column, problem);
}

/// <summary>Reads untrusted YAML of other projects, with any content.</summary>
internal static class YamlTree
{
    /// <summary>Returns the value of a key; null if the node is not a map or lacks the key.</summary>
    public static YamlNode? Child(YamlNode? node, string key) => Pairs(node).FirstOrDefault(pair => pair.Name == key).Value;

    /// <summary>Returns the text of a scalar; null for other nodes.</summary>
    public static string? Text(YamlNode? node) => (node as YamlScalarNode)?.Value;

    /// <summary>Returns the scalar keys of a map, with their values.</summary>
    public static IEnumerable<(string Name, YamlNode Value)> Pairs(YamlNode? node) => ((node as YamlMappingNode)?.Children ?? Enumerable.Empty<KeyValuePair<YamlNode, YamlNode>>())
        .Where(pair => pair.Key is YamlScalarNode { Value: not null })
        .Select(pair => (((YamlScalarNode)pair.Key).Value!, pair.Value));
}

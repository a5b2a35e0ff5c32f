using Bee.Ebpf.Metadata;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Bee.Isolated;

/// <summary>Reads the metadata of maps, parameters and programs in a bee.yaml.</summary>
internal sealed class MetadataSections(ManifestDocument document)
{
    // Tables are 80 columns wide.
    private const int WidestColumn = 80;
    private const int MostBuckets = 1000;

    public MapMetadata Map(string place, YamlNode node)
    {
        var map = new MapMetadata();
        document.Keys(node, "help: what the map tells", new()
        {
            ["kind"] = value =>
            {
                document.Place($"{place}/kind", value);
                map = map with
                {
                    Kind = document.Choice("kind", value, MetadataNames.Roles.Words),
                };
            },
            ["type"] = value => map = map with { Type = TypeName($"{place}/type", value) },
            ["help"] = value => map = map with { Help = document.Text("help", value) },
            ["unit"] = value => map = map with { Unit = document.Text("unit", value) },
            ["entries"] = value =>
            {
                document.Place($"{place}/entries", value);
                map = map with { Entries = (uint)document.Whole("entries", value, 1, uint.MaxValue) };
            },
            ["scale"] = value =>
            {
                document.Place($"{place}/scale", value);
                map = map with { Scale = Scale(value) };
            },
            ["buckets"] = value =>
            {
                document.Place($"{place}/buckets", value);
                map = map with { Buckets = Buckets(value) };
            },
            ["sum"] = value =>
            {
                document.Place($"{place}/sum", value);
                map = map with { Sum = Sum(value) };
            },
            ["labels"] = value => map = map with { Labels = Labels(place, value) },
            ["severity"] = value => map = map with { Severity = document.Choice("severity", value, MetadataNames.Severities.Words) },
            ["metric"] = value =>
            {
                document.Place($"{place}/metric", value);
                map = map with { Metric = Metric($"{place}/metric", value) };
            },
            ["fields"] = value => map = map with { Fields = document.Named(value, $"{place}/fields", "path: { width: 40 }", Field) },
        });
        return map.Scale is null or { Spacing: HistogramSpacing.Bounds } || map.Buckets.Count == 0 ? map : throw document.Wrong(node, "a map can have scale or buckets, not both.");
    }

    public ParameterMetadata Parameter(string place, YamlNode node)
    {
        var parameter = new ParameterMetadata();
        document.Keys(node, "description: what the parameter does", new()
        {
            ["description"] = value => parameter = parameter with { Description = document.Text("description", value) },
            ["default"] = value =>
            {
                document.Place($"{place}/default", value);
                parameter = parameter with { Default = new DefaultValue(document).Read(value) };
            },
        });
        return parameter;
    }

    public ProgramMetadata Program(string place, YamlNode node)
    {
        var program = new ProgramMetadata();
        document.Keys(node, "description: what the program does", new()
        {
            ["description"] = value => program = program with { Description = document.Text("description", value) },
            ["attach"] = value =>
            {
                document.Place($"{place}/attach", value);
                var attach = value is YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" }
                    ? new ProgramMetadata { Load = document.Truth("attach", value) }
                    : ProgramMetadata.Attach(document.Text("attach", value));
                program = program with { AttachTo = attach.AttachTo, Load = attach.Load };
            },
            ["type"] = value => program = program with { Type = TypeName($"{place}/type", value) },
        });
        return program;
    }

    private string TypeName(string place, YamlNode node)
    {
        document.Place(place, node);
        var name = document.Text("type", node);
        return RecordTypeName.Fault(name) is { } fault ? throw document.Wrong(node, fault) : name;
    }

    private MetricMetadata Metric(string place, YamlNode node)
    {
        var metric = new MetricMetadata();
        document.Keys(node, "name: opened_files", new()
        {
            ["name"] = value =>
            {
                document.Place($"{place}/name", value);
                metric = metric with { Name = document.Text("name", value) };
            },
            ["type"] = value =>
            {
                document.Place($"{place}/type", value);
                metric = metric with
                {
                    Type = document.Choice("type", value, MetadataNames.MetricTypes.Words),
                };
            },
            ["unit"] = value => metric = metric with { Unit = document.Text("unit", value) },
            ["help"] = value => metric = metric with { Help = document.Text("help", value) },
            ["labels"] = value => metric = metric with { Labels = Labels(place, value) },
        });
        return metric;
    }

    private FieldMetadata Field(string place, YamlNode node)
    {
        var field = new FieldMetadata();
        document.Keys(node, "width: 40", new()
        {
            ["description"] = value => field = field with { Description = document.Text("description", value) },
            ["width"] = value => field = field with { Width = (int)document.Whole("width", value, 1, WidestColumn) },
            ["align"] = value => field = field with { AlignRight = document.Choice("align", value, ("left", false), ("right", true)) },
            ["order"] = value => field = field with { Order = (int)document.Whole("order", value, -1000, 1000) },
            ["words"] = value => field = field with { Words = document.Truth("words", value) },
            ["hidden"] = value => field = field with { Hidden = document.Truth("hidden", value) },
            ["label"] = value => field = field with { Label = document.Text("label", value) },
            ["decode"] = value => field = field with { Decode = document.Choice("decode", value, MetadataNames.Decoders.Words) },
            ["values"] = value => field = field with { Values = document.Named(value, $"{place}/values", "0: read", (_, name) => document.Text("a value's name", name)) },
            ["severity"] = value => field = field with { Severities = document.Named(value, $"{place}/severity", "ENOENT: notice", (_, severity) => document.Choice("a value's severity", severity, MetadataNames.Severities.Words)) },
        });
        return field;
    }

    /// <summary>Reads <c>log2</c>, <c>linear</c>, or a map with the step of linear slots.</summary>
    private HistogramScale Scale(YamlNode node)
    {
        if (node is not YamlMappingNode)
        {
            return new HistogramScale { Spacing = document.Choice("scale", node, MetadataNames.Spacings.Words) };
        }

        var scale = new HistogramScale { Spacing = HistogramSpacing.Linear };
        document.Keys(node, "step: 10", new()
        {
            ["start"] = value => scale = scale with { Start = document.Number("start", value) },
            ["step"] = value => scale = document.Number("step", value) is > 0 and var step
                ? scale with { Step = step }
                : throw document.Wrong(value, "step must be more than 0."),
        });
        return scale;
    }

    /// <summary>Reads the number of a slot, or a map with the slot and a factor.</summary>
    private HistogramSum Sum(YamlNode node)
    {
        if (node is not YamlMappingNode)
        {
            return new HistogramSum { Slot = (uint)document.Whole("sum", node, 1, int.MaxValue) };
        }

        var sum = new HistogramSum();
        document.Keys(node, "slot: 27", new()
        {
            ["slot"] = value => sum = sum with { Slot = (uint)document.Whole("slot", value, 1, int.MaxValue) },
            ["factor"] = value => sum = document.Number("factor", value) is > 0 and var factor
                ? sum with { Factor = factor }
                : throw document.Wrong(value, "factor must be more than 0."),
        });
        return sum.Slot > 0 ? sum : throw document.Wrong(node, "sum has no slot.");
    }

    private double[] Buckets(YamlNode node)
    {
        if (node is not YamlSequenceNode { Children.Count: > 0 and <= MostBuckets } list)
        {
            throw document.Wrong(node, $"buckets must be a list of 1 to {MostBuckets} upper bounds, such as [1, 10, 100].");
        }

        var bounds = new double[list.Children.Count];
        for (var i = 0; i < bounds.Length; i++)
        {
            bounds[i] = document.Number("a bucket's upper bound", list.Children[i]);
            if (i > 0 && bounds[i] <= bounds[i - 1])
            {
                throw document.Wrong(list.Children[i], "the upper bounds of buckets must be ascending.");
            }
        }

        return bounds;
    }

    private string[] Labels(string place, YamlNode node)
    {
        var labels = document.Texts("labels", node);
        for (var i = 0; i < labels.Length; i++)
        {
            var at = node is YamlSequenceNode list ? list.Children[i] : node;
            document.Place($"{place}/labels/{labels[i]}", at);
            if (Array.IndexOf(labels, labels[i]) != i)
            {
                throw document.Wrong(at, $"'{labels[i]}' occurs twice.");
            }
        }

        return labels;
    }
}

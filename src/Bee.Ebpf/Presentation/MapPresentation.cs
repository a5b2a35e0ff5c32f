namespace Bee.Ebpf;

/// <summary>What an author says about a map. Whatever is null or empty is not said.</summary>
public sealed record MapMetadata
{
    /// <summary>Says nothing.</summary>
    public static MapMetadata None { get; } = new();

    /// <summary>What the map is for, in place of what its name's prefix says; <see cref="MapRole.None"/> keeps it from streaming.</summary>
    public MapRole? Kind { get; init; }

    /// <summary>One sentence about what the map tells; a metric's help text.</summary>
    public string? Help { get; init; }

    /// <summary>The unit of the values, such as <c>ns</c>, <c>bytes</c> or <c>1</c>.</summary>
    public string? Unit { get; init; }

    /// <summary>How the slots of a histogram map that the program fills itself are spaced; null where nothing is said.</summary>
    public HistogramScale? Scale { get; init; }

    /// <summary>Upper bounds of a histogram's buckets, in the unit of the values, rising. Empty where nothing is said.</summary>
    public IReadOnlyList<double> Buckets { get; init; } = [];

    /// <summary>The fields (by their name in C) that tell series apart: labels of a metric, keys of a histogram. Empty where nothing is said.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>What is said about the map as a metric, over what its kind, help, unit and labels say; null where nothing is said.</summary>
    public MetricMetadata? Metric { get; init; }

    /// <summary>By the field's name in C; of a map entry the fields of key and value, and <c>Key</c> and <c>Value</c> themselves.</summary>
    public IReadOnlyDictionary<string, FieldMetadata> Fields { get; init; } = new Dictionary<string, FieldMetadata>();

    /// <summary>This, and what <paramref name="other"/> says where this says nothing.</summary>
    internal MapMetadata Over(MapMetadata other) => new()
    {
        Kind = Kind ?? other.Kind,
        Help = Help ?? other.Help,
        Unit = Unit ?? other.Unit,
        Scale = Scale ?? other.Scale,
        Buckets = Buckets.Count > 0 ? Buckets : other.Buckets,
        Labels = Labels.Count > 0 ? Labels : other.Labels,
        Metric = Metric is null ? other.Metric : Metric.Over(other.Metric ?? MetricMetadata.None),
        Fields = FieldMetadata.Over(Fields, other.Fields),
    };
}

namespace Bee.Ebpf;

/// <summary>What an author says about the metric that a map becomes, where that differs from what is said about the map. Whatever is null or empty is not said.</summary>
public sealed record MetricMetadata
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

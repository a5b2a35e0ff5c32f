namespace Bee.Telemetry.Metrics;

/// <summary>What all series of a metric share: its name, type, unit, help text and label names.</summary>
/// <param name="Name">
/// The name of the family, which includes the unit and excludes the suffixes that a format adds (<c>_total</c>, <c>_info</c>, <c>_bucket</c>).
/// It matches <c>[a-zA-Z_:][a-zA-Z0-9_:]*</c>.
/// </param>
/// <param name="Type">The type.</param>
/// <param name="Unit">The base unit (<c>seconds</c>, <c>bytes</c>, <c>ratio</c>), with which <paramref name="Name"/> ends; null for a number without unit.</param>
/// <param name="Help">One sentence about what the metric tells; null if the tool's author wrote none.</param>
/// <param name="LabelNames">The names of the labels, in the order of <see cref="MetricSeries.LabelValues"/>. Each matches <c>[a-zA-Z_][a-zA-Z0-9_]*</c>.</param>
public sealed record MetricDescriptor(string Name, MetricType Type, string? Unit, string? Help, IReadOnlyList<string> LabelNames)
{
    /// <summary>Whether the name is served as it is, without the suffix of the type: BumbleBee's names are.</summary>
    public bool IsVerbatim { get; init; }
}

using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Collection;

/// <summary>The metrics that sessions of a tool will serve, derived from its object before it is loaded.</summary>
internal sealed class ToolMetrics
{
    private ToolMetrics(IReadOnlyList<DescribedMetric> metrics) => Metrics = metrics;

    /// <summary>The metrics of the tool's maps, in the order of the object.</summary>
    public IReadOnlyList<DescribedMetric> Metrics { get; }

    /// <summary>Whether the tool has a ring or perf buffer.</summary>
    public bool HasEvents { get; private init; }

    /// <summary>Whether lost events are counted.</summary>
    public bool CountsLosses { get; private init; }

    /// <summary>Whether the tool has maps whose entries are counted.</summary>
    public bool HasEntries { get; private init; }

    /// <summary>Derives the metrics of an object.</summary>
    /// <param name="file">The object, with its metadata.</param>
    /// <param name="options">The way to name metrics.</param>
    /// <exception cref="BpfObjectException">A BTF type contradicts itself.</exception>
    public static ToolMetrics Of(ObjectFile file, SessionMetricsOptions options)
    {
        ArgumentNullException.ThrowIfNull(file);
        MapDescription[] maps = [.. file.Maps.Where(map => !LostCounts.IsCount(map, file) && !map.IsOfHeader)];
        return new ToolMetrics([.. maps.SelectMany(MapPlan.AllOf).SelectMany(plan => new MapMetrics(plan, null, plan.Map.IsEventStream ? new RecordTally(plan, null, null) : null, options).Descriptions)])
        {
            HasEvents = maps.Any(map => map is { IsEventStream: true, Role: not MapRole.None }),
            CountsLosses = LostCounts.AreKept(file),
            HasEntries = maps.Any(map => !map.IsInternal && MapAccess.CanPoll(map.Type)),
        };
    }
}

/// <summary>A metric that sessions of a tool will serve.</summary>
/// <param name="Descriptor">The descriptor of the metric.</param>
/// <param name="Map">The map of the metric.</param>
/// <param name="ToolUnit">The unit that the tool counts in; null if unknown.</param>
internal sealed record DescribedMetric(MetricDescriptor Descriptor, MapDescription Map, string? ToolUnit)
{
    /// <summary>The labels that are useful as filters: names, not numbers or addresses.</summary>
    public IReadOnlyList<string> FilterLabels { get; init; } = [];

    /// <summary>The labels with names of containers, which sessions add where a container runtime is found.</summary>
    public IReadOnlyList<string> ContainerLabels { get; init; } = [];

    internal static bool IsFilter(FieldMeaning meaning) =>
        meaning is FieldMeaning.Text or FieldMeaning.Enum or FieldMeaning.Flags or FieldMeaning.Boolean or FieldMeaning.Syscall or FieldMeaning.Errno or FieldMeaning.Signal;
}

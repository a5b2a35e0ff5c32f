using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Collection;

/// <summary>What sessions of a tool will serve, as its object tells before it is loaded.</summary>
internal sealed class ToolMetrics
{
    private ToolMetrics(IReadOnlyList<DescribedMetric> metrics) => Metrics = metrics;

    /// <summary>The metrics of the tool's maps, in the order of the object.</summary>
    public IReadOnlyList<DescribedMetric> Metrics { get; }

    /// <summary>Whether a ring or perf buffer is read.</summary>
    public bool HasEvents { get; private init; }

    /// <summary>Whether lost events are counted.</summary>
    public bool CountsLosses { get; private init; }

    /// <summary>Whether there are maps whose entries are counted.</summary>
    public bool HasEntries { get; private init; }

    /// <summary>Reads an object.</summary>
    /// <param name="file">The object, with its metadata.</param>
    /// <param name="options">How metrics are named.</param>
    /// <exception cref="BpfObjectException">A BTF type contradicts itself.</exception>
    public static ToolMetrics Of(ObjectFile file, SessionMetricsOptions options)
    {
        ArgumentNullException.ThrowIfNull(file);
        MapDescription[] maps = [.. file.Maps.Where(map => !LostCounts.IsCount(map, file) && map.Name != LostCounts.MapName)];
        return new ToolMetrics([.. maps.SelectMany(MapPlan.AllOf).SelectMany(plan => new MapMetrics(plan, null, plan.Map.IsEventStream ? new RecordTally(plan, null) : null, options).Descriptions)])
        {
            HasEvents = maps.Any(map => map is { IsEventStream: true, Role: not MapRole.None }),
            CountsLosses = LostCounts.AreKept(file),
            HasEntries = maps.Any(map => !map.IsInternal && MapAccess.CanPoll(map.Type)),
        };
    }
}

/// <summary>A metric that a tool's sessions will serve.</summary>
/// <param name="Descriptor">Its name, type, unit, help text and labels.</param>
/// <param name="Map">The map that it comes from.</param>
/// <param name="ToolUnit">The unit in which the tool counts; null if it is unknown.</param>
internal sealed record DescribedMetric(MetricDescriptor Descriptor, MapDescription Map, string? ToolUnit)
{
    /// <summary>The labels that have few values, or values that readers choose by: names, not numbers and addresses.</summary>
    public IReadOnlyList<string> FilterLabels { get; init; } = [];

    internal static bool IsFilter(FieldMeaning meaning) =>
        meaning is FieldMeaning.Text or FieldMeaning.Enum or FieldMeaning.Flags or FieldMeaning.Boolean or FieldMeaning.Syscall or FieldMeaning.Errno or FieldMeaning.Signal;
}

using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Collection;

/// <summary>The labels with the names of containers that a metric has in addition to those of the tool. A label that the tool has already wins.</summary>
/// <remarks>
/// The names are looked up when a series is first seen, and stay with it: a container that has ended keeps its names. Processes of the host have empty labels, which no format writes.
/// </remarks>
internal sealed class ContainerLabels
{
    private readonly ContainerLookup? _lookup;

    /// <param name="plan">The plan of the metric.</param>
    /// <param name="lookup">Finds the containers of entries or records; null for none.</param>
    /// <param name="options">The labels to leave out.</param>
    public ContainerLabels(MapPlan plan, ContainerLookup? lookup, SessionMetricsOptions options)
    {
        _lookup = lookup;
        Names = lookup is null ? [] : NamesOf(plan, options);
    }

    /// <summary>The names of the labels.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Returns the labels that a metric has where a container runtime is found.</summary>
    /// <param name="plan">The plan of the metric.</param>
    /// <param name="options">The labels to leave out.</param>
    public static IReadOnlyList<string> NamesOf(MapPlan plan, SessionMetricsOptions options)
    {
        if (plan.Where is null)
        {
            return [];
        }

        string[] own = [.. plan.Labels.Select(label => label.Name)];
        return [.. ExtraNames.OfContainer.Where(name => !own.Concat(MetricNames.Labels(own)).Concat(options.LeaveOut).Contains(name, StringComparer.OrdinalIgnoreCase))];
    }

    /// <summary>Finds the names of an entry's container; null for the host.</summary>
    public ContainerNames? Find(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => _lookup?.Find(key, value);

    /// <summary>Writes the values of the labels.</summary>
    /// <param name="names">The names; null for the host.</param>
    /// <param name="values">The values, in the order of <see cref="Names"/>.</param>
    public void Write(ContainerNames? names, Span<string> values)
    {
        for (var i = 0; i < Names.Count; i++)
        {
            values[i] = names?.Get(Names[i]) ?? "";
        }
    }
}

using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Collection;

/// <summary>Merges the metrics of several sessions.</summary>
internal static class MergedMetrics
{
    /// <summary>
    /// Merges families of one name into one with the union of their labels. A series gets an empty value, which Prometheus treats as no label, for each label that it lacks. Families whose type or unit
    /// differs from the first of their name are dropped.
    /// </summary>
    /// <param name="families">The families of all sources.</param>
    public static IReadOnlyList<MetricFamily> Of(IEnumerable<MetricFamily> families)
    {
        ArgumentNullException.ThrowIfNull(families);
        var merged = new List<MetricFamily>();
        foreach (var group in families.GroupBy(family => family.Descriptor.Name))
        {
            var first = group.First().Descriptor;
            var alike = group.Where(family => family.Descriptor.Type == first.Type && family.Descriptor.Unit == first.Unit && family.Descriptor.IsVerbatim == first.IsVerbatim).ToList();
            merged.Add(alike.Count == 1 ? alike[0] : Merge(first, alike));
        }

        // The metrics of tools come first, then Bee's own.
        return [.. merged.OrderBy(family => family.Descriptor.Name is "bee_session" or "bee_build" || family.Descriptor.Name.StartsWith("bee_session_", StringComparison.Ordinal))];
    }

    private static MetricFamily Merge(MetricDescriptor first, List<MetricFamily> families)
    {
        string[] names = [.. families.SelectMany(family => family.Descriptor.LabelNames).Distinct()];
        var descriptor = first with { LabelNames = names, Help = families.Select(family => family.Descriptor.Help).FirstOrDefault(help => help is not null) };
        return new MetricFamily(descriptor, [.. families.SelectMany(family => Widen(family, names))]);
    }

    private static IEnumerable<MetricSeries> Widen(MetricFamily family, string[] names)
    {
        if (family.Descriptor.LabelNames.SequenceEqual(names))
        {
            return family.Series;
        }

        int[] places = [.. names.Select(name => IndexOf(family.Descriptor.LabelNames, name))];
        return family.Series.Select(series => series with { LabelValues = [.. places.Select(place => place < 0 ? "" : series.LabelValues[place])] });
    }

    private static int IndexOf(IReadOnlyList<string> names, string name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] == name)
            {
                return i;
            }
        }

        return -1;
    }
}

using Bee.Telemetry.Collection;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Tests.Collection;

public sealed class MergedMetricsTests
{
    [Fact]
    public void Families_of_one_name_have_the_labels_of_both()
    {
        var merged = Assert.Single(MergedMetrics.Of([Family("a", ["pid"], ["1"]), Family("a", ["pid", "session"], ["1", "other"])]));

        Assert.Equal(["pid", "session"], merged.Descriptor.LabelNames);
        Assert.Equal(["1", ""], merged.Series[0].LabelValues);
        Assert.Equal(["1", "other"], merged.Series[1].LabelValues);
    }

    [Fact]
    public void A_family_of_another_type_is_left_out()
    {
        var other = Family("a", [], []) is var family ? family with { Descriptor = family.Descriptor with { Type = MetricType.Gauge } } : null!;

        Assert.Single(Assert.Single(MergedMetrics.Of([Family("a", [], []), other])).Series);
    }

    [Fact]
    public void Metrics_of_tools_come_before_Bees_own() =>
        Assert.Equal(["bee_x", "bee_session_up"], MergedMetrics.Of([Family("bee_session_up", [], []), Family("bee_x", [], [])]).Select(family => family.Descriptor.Name));

    private static MetricFamily Family(string name, string[] labels, string[] values) =>
        new(new MetricDescriptor(name, MetricType.Counter, null, null, labels), [new MetricSeries(values, 1)]);
}

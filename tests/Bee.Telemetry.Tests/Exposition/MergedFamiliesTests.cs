using Bee.Telemetry.Exposition;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Tests.Exposition;

public class MergedFamiliesTests
{
    [Fact]
    public void Merge_joins_families_of_one_name()
    {
        var merged = MergedFamilies.Merge([Sample.Counter("a", (["x"], 1)), Sample.Gauge("b", ([], 1)), Sample.Counter("a", (["y"], 2))]);

        Assert.Equal(["a", "b"], merged.Families.Select(family => family.Descriptor.Name));
        Assert.Equal([1, 2], merged.Families[0].Series.Select(series => series.Value));
        Assert.Empty(merged.LeftOut);
    }

    [Fact]
    public void Merge_drops_families_with_another_descriptor()
    {
        var merged = MergedFamilies.Merge([Sample.Counter("a", (["x"], 1)), Sample.Gauge("a", (["y"], 1)), Sample.Counter("a", (["x", "y"], 1))]);

        Assert.Equal([1], Assert.Single(merged.Families).Series.Select(series => series.Value));
        Assert.Equal(2, merged.LeftOut.Count);
    }

    [Fact]
    public void Merge_leaves_out_names_that_are_samples_of_others()
    {
        var merged = MergedFamilies.Merge([Sample.Histograms("a", null, ([], Sample.PowersOfTwo())), Sample.Gauge("a_count", ([], 1)), Sample.Gauge("a_other", ([], 1))]);

        Assert.Equal(["a", "a_other"], merged.Families.Select(family => family.Descriptor.Name));
        Assert.Contains("a_count", Assert.Single(merged.LeftOut));
    }

    [Fact]
    public void Merge_adds_up_counters_with_the_same_labels()
    {
        var later = Sample.Counter("a", (["x"], 2)) is var family ? family with { Series = [family.Series[0] with { Created = Sample.Created.AddMinutes(1) }] } : null!;

        var series = Assert.Single(Assert.Single(MergedFamilies.Merge([Sample.Counter("a", (["x"], 1)), later]).Families).Series);

        Assert.Equal((3, Sample.Created.AddMinutes(1)), (series.Value, series.Created));
    }

    [Fact]
    public void Merge_adds_up_histograms_with_the_same_labels_and_bounds()
    {
        var merged = MergedFamilies.Merge([Sample.Histograms("a", null,
            (["x"], Sample.Histogram([1, 2], [1, 2, 3], 5)), (["x"], Sample.Histogram([1, 2], [1, 0, 1], 6)), (["x"], Sample.Histogram([1, 3], [1, 0, 1], 6)))]);

        var histogram = Assert.Single(Assert.Single(merged.Families).Series).Histogram!;
        Assert.Equal([2ul, 2, 4], histogram.Counts);
        Assert.Equal(11, histogram.Sum);
        Assert.Single(merged.LeftOut);
    }

    [Fact]
    public void Merge_treats_labels_with_the_same_encoding_as_equal()
    {
        var merged = MergedFamilies.Merge([Sample.Counter("a", (["\ud800"], 1), (["\udfff"], 2), (["\0"], 3), (["\ud83d\ude00"], 4))]);

        Assert.Equal([("\ufffd", 6), ("\ud83d\ude00", 4)], Assert.Single(merged.Families).Series.Select(series => (series.LabelValues[0], series.Value)));
    }

    [Fact]
    public void Merge_drops_histograms_whose_bounds_are_not_ascending()
    {
        var merged = MergedFamilies.Merge([Sample.Histograms("a", null, (["x"], Sample.Histogram([2, 1], [1, 2, 3], 5)), (["y"], Sample.Histogram([1], [1], 5)), (["z"], Sample.Histogram([1], [1, 1], 5)))]);

        Assert.Equal(["z"], Assert.Single(Assert.Single(merged.Families).Series).LabelValues);
        Assert.Equal(2, merged.LeftOut.Count);
    }

    [Fact]
    public void Merge_changes_names_that_formats_refuse()
    {
        var family = Assert.Single(MergedFamilies.Merge([new(new("7 a", MetricType.Gauge, null, null, ["le", "__x", "x"]), [new(["1", "2"], 1)])]).Families);

        Assert.Equal("_7_a", family.Descriptor.Name);
        Assert.Equal(["key_le", "x", "x_2"], family.Descriptor.LabelNames);
        Assert.Equal(["1", "2", ""], family.Series[0].LabelValues);
    }
}

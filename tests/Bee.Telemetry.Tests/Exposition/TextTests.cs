using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Tests.Exposition;

public class TextTests
{
    [Fact]
    public void Text_has_a_counter_with_total() => Assert.Equal(
        """
        # HELP bee_x_opens_total Help of bee_x_opens.
        # TYPE bee_x_opens_total counter
        bee_x_opens_total{label0="bash"} 3

        """,
        Sample.Text(Sample.Counter("bee_x_opens", (["bash"], 3))));

    [Fact]
    public void OpenMetrics_names_the_family_without_total_and_has_the_start() => Assert.Equal(
        """
        # HELP bee_x_opens Help of bee_x_opens.
        # TYPE bee_x_opens counter
        bee_x_opens_total{label0="bash"} 3
        bee_x_opens_created{label0="bash"} 1796032800.250
        # EOF

        """,
        Sample.OpenMetrics(Sample.Counter("bee_x_opens", (["bash"], 3))));

    [Fact]
    public void OpenMetrics_has_the_unit_and_the_sum_of_a_histogram() => Assert.Equal(
        """
        # HELP bee_x_seconds Help of bee_x_seconds.
        # TYPE bee_x_seconds histogram
        # UNIT bee_x_seconds seconds
        bee_x_seconds_bucket{le="1e-06"} 1
        bee_x_seconds_bucket{le="1.0"} 3
        bee_x_seconds_bucket{le="+Inf"} 6
        bee_x_seconds_sum 12.5
        bee_x_seconds_count 6
        bee_x_seconds_created 1796032800.250
        # EOF

        """,
        Sample.OpenMetrics(Sample.Histograms("bee_x_seconds", "seconds", ([], Sample.Histogram([1e-6, 1], [1, 2, 3], 12.5)))));

    [Fact]
    public void An_unknown_sum_is_left_out()
    {
        var family = Sample.Histograms("bee_x", null, (["a"], Sample.Histogram([1], [1, 2], null)));

        var text = Sample.Text(family);
        var openMetrics = Sample.OpenMetrics(family);

        Assert.DoesNotContain("_sum", text);
        Assert.Contains("bee_x_count{label0=\"a\"} 3\n", text);
        Assert.DoesNotContain("_sum", openMetrics);
        Assert.DoesNotContain("_count", openMetrics);
        Assert.Contains("bee_x_bucket{label0=\"a\",le=\"+Inf\"} 3\n", openMetrics);
    }

    [Fact]
    public void OpenMetrics_has_no_sum_that_may_fall() =>
        Assert.DoesNotContain("_sum", Sample.OpenMetrics(Sample.Histograms("bee_x", null, ([], Sample.Histogram([-1, 1], [1, 2, 0], 0.5)))));

    [Fact]
    public void Labels_are_escaped() => Assert.Contains(
        """bee_x{label0="a\"b\\c\nd"} 1""",
        Sample.Text(Sample.Gauge("bee_x", (["a\"b\\c\nd"], 1))));

    [Fact]
    public void An_info_is_a_gauge_in_text()
    {
        MetricFamily family = new(new("bee_build", MetricType.Info, null, "Help", ["version"]), [new(["1"], 1)]);

        Assert.Contains("# TYPE bee_build_info gauge\nbee_build_info{version=\"1\"} 1\n", Sample.Text(family));
        Assert.Contains("# TYPE bee_build info\nbee_build_info{version=\"1\"} 1\n", Sample.OpenMetrics(family));
    }

    [Fact]
    public void A_verbatim_counter_keeps_its_name()
    {
        MetricFamily family = new(new("ebpf_solo_io_x", MetricType.Counter, null, "Help", []) { IsVerbatim = true }, [new([], 1) { Created = Sample.Created }]);

        Assert.Contains("# TYPE ebpf_solo_io_x counter\nebpf_solo_io_x 1\n", Sample.Text(family));
        Assert.EndsWith("# TYPE ebpf_solo_io_x unknown\nebpf_solo_io_x 1\n# EOF\n", Sample.OpenMetrics(family));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(-0.0, "0")]
    [InlineData(9007199254740991, "9007199254740991")]
    [InlineData(1e300, "1E+300")]
    [InlineData(0.1, "0.1")]
    [InlineData(-1.023e-6, "-1.023E-06")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    public void Values_are_the_shortest_decimals(double value, string text) => Assert.EndsWith($"\nbee_x {text}\n", Sample.Text(Sample.Gauge("bee_x", ([], value))));

    [Theory]
    [InlineData(0, "0.0")]
    [InlineData(1, "1.0")]
    [InlineData(-2.5, "-2.5")]
    [InlineData(10, "10.0")]
    [InlineData(123456, "123456.0")]
    [InlineData(999999.5, "999999.5")]
    [InlineData(1000000, "1e+06")]
    [InlineData(1048576, "1.048576e+06")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(1.024e-6, "1.024e-06")]
    [InlineData(1e21, "1e+21")]
    [InlineData(1.5e-300, "1.5e-300")]
    [InlineData(18446744073709551615d, "1.8446744073709552e+19")]
    public void Bounds_are_written_as_Prometheus_writes_them(double bound, string text) =>
        Assert.Contains($"le=\"{text}\"", Sample.Text(Sample.Histograms("bee_x", null, ([], Sample.Histogram([bound], [1, 1], 1)))));

    [Fact]
    public void Families_without_series_are_left_out() => Assert.Equal("", Sample.Text(new MetricFamily(Sample.Descriptor("bee_x", MetricType.Gauge), [])));
}

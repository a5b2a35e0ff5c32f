using System.Text.Json;
using Bee.Telemetry.Exposition;
using Bee.Telemetry.Metrics;
using Bee.Telemetry.Otlp;
using Bee.Telemetry.Tests.Exposition;

namespace Bee.Telemetry.Tests.Otlp;

public class OtlpMetricsTests
{
    private static readonly DateTime s_now = Sample.Created.AddSeconds(60);

    [Fact]
    public void Counters_are_monotonic_sums_with_their_start()
    {
        var metric = Json(Sample.Counter("bee_test_opens", (["a", ""], 3)));
        Assert.Equal(
            """{"name":"bee_test_opens_total","description":"Help of bee_test_opens.","sum":{"dataPoints":[{"startTimeUnixNano":"1796032800250000000","timeUnixNano":"1796032860250000000","asDouble":3,"attributes":[{"key":"label0","value":{"stringValue":"a"}}]}],"aggregationTemporality":2,"isMonotonic":true}}""",
            metric.GetRawText());
    }

    [Fact]
    public void Histograms_have_counts_of_each_bucket_and_bounds()
    {
        var metric = Json(Sample.Histograms("bee_test_latency_seconds", "seconds", (["a"], Sample.Histogram([0.001, 1], [1, 2, 3], 12.5))));
        var point = metric.GetProperty("histogram").GetProperty("dataPoints")[0];
        Assert.Equal(
            ("bee_test_latency_seconds", "s", "6", 12.5, """["1","2","3"]""", "[0.001,1]"),
            (metric.GetProperty("name").GetString(), metric.GetProperty("unit").GetString(), point.GetProperty("count").GetString(), point.GetProperty("sum").GetDouble(),
                point.GetProperty("bucketCounts").GetRawText(), point.GetProperty("explicitBounds").GetRawText()));
    }

    [Fact]
    public void A_sum_that_is_not_kept_or_could_fall_is_left_out()
    {
        foreach (var histogram in (MetricHistogram[])[Sample.Histogram([1], [1, 2], null), Sample.Histogram([-1, 1], [1, 2, 3], 5)])
        {
            Assert.False(Json(Sample.Histograms("bee_test", null, ([], histogram))).GetProperty("histogram").GetProperty("dataPoints")[0].TryGetProperty("sum", out _));
        }
    }

    [Fact]
    public void Histograms_of_powers_of_two_are_exponential_on_request()
    {
        var options = Options(exponential: true);
        var metric = Json(options, Sample.Histograms("bee_test_size", null, (["a"], Sample.PowersOfTwo())));
        var point = metric.GetProperty("exponentialHistogram").GetProperty("dataPoints")[0];
        // Bucket i of Prometheus ends at 2^i, that of OTLP begins there.
        Assert.Equal(
            ("10", 0, "2", 0.5, """{"offset":-1,"bucketCounts":["1","3","0","4"]}"""),
            (point.GetProperty("count").GetString(), point.GetProperty("scale").GetInt32(), point.GetProperty("zeroCount").GetString(), point.GetProperty("zeroThreshold").GetDouble(), point.GetProperty("positive").GetRawText()));

        // All series of a family have one form: a single series without native buckets makes all of them explicit.
        Assert.True(Json(options, Sample.Histograms("bee_test_size", null, (["a"], Sample.PowersOfTwo()), (["b"], Sample.Histogram([1], [1, 2], 3)))).TryGetProperty("histogram", out _));
    }

    [Fact]
    public void Infos_are_gauges_and_numbers_that_JSON_lacks_are_text()
    {
        var info = Json(new MetricFamily(new("bee_test_build", MetricType.Info, null, null, ["version"]), [new(["1.0"], 1)]));
        Assert.Equal(("bee_test_build_info", 1), (info.GetProperty("name").GetString(), info.GetProperty("gauge").GetProperty("dataPoints")[0].GetProperty("asDouble").GetDouble()));

        var gauge = Json(Sample.Gauge("bee_test", (["a"], double.NaN), (["b"], double.PositiveInfinity), (["c"], double.NegativeInfinity)));
        Assert.Equal(["NaN", "Infinity", "-Infinity"], gauge.GetProperty("gauge").GetProperty("dataPoints").EnumerateArray().Select(point => point.GetProperty("asDouble").GetString()));
    }

    [Theory]
    [InlineData("seconds", "s")]
    [InlineData("bytes", "By")]
    [InlineData("ratio", "1")]
    [InlineData("packets", "{packets}")]
    [InlineData(null, null)]
    public void Units_are_those_of_UCUM(string? unit, string? expected)
    {
        var metric = Json(new MetricFamily(Sample.Descriptor("bee_test" + (unit is null ? "" : "_" + unit), MetricType.Gauge, unit), [new([], 1)]));
        Assert.Equal(expected, metric.TryGetProperty("unit", out var found) ? found.GetString() : null);
    }

    [Fact]
    public void The_scope_is_Bee_and_the_resource_has_the_attributes_of_the_options()
    {
        using var buffer = new ExpositionBuffer();
        Assert.Equal(2, OtlpMetrics.Write([Sample.Counter("bee_test", (["a"], 1), (["b"], 2))], Options(), [new("service.name", "tests")], s_now, buffer));
        var resource = JsonDocument.Parse(buffer.Written).RootElement.GetProperty("resourceMetrics")[0];
        Assert.Equal("""{"attributes":[{"key":"service.name","value":{"stringValue":"tests"}}]}""", resource.GetProperty("resource").GetRawText());
        var scope = resource.GetProperty("scopeMetrics")[0].GetProperty("scope");
        Assert.Equal("Bee", scope.GetProperty("name").GetString());
        Assert.NotEmpty(scope.GetProperty("version").GetString()!);
    }

    [Fact]
    public void Deltas_are_what_was_added_since_the_export_before()
    {
        var deltas = new DeltaSeries();
        MetricFamily[] Totals(double counter, ulong first, double sum, DateTime created) =>
        [
            new(Sample.Descriptor("bee_opens", MetricType.Counter), [new([], counter) { Created = created }]),
            new(Sample.Descriptor("bee_size", MetricType.Histogram), [new([], first + 1) { Created = created, Histogram = Sample.Histogram([1], [first, 1], sum) }]),
            Sample.Gauge("bee_depth", ([], counter)),
        ];

        // The first export counts from the start.
        AssertDelta(deltas.Next(Totals(5, 2, 9, Sample.Created), s_now), 5, 2, 9, 5, Sample.Created);
        AssertDelta(deltas.Next(Totals(8, 6, 20, Sample.Created), s_now.AddSeconds(60)), 3, 4, 11, 8, s_now, 0);

        // A total that is smaller than before, or that started over, counts from its start.
        AssertDelta(deltas.Next(Totals(1, 3, 7, Sample.Created), s_now.AddSeconds(120)), 1, 3, 7, 1, s_now.AddSeconds(60));
        var anew = s_now.AddSeconds(150);
        AssertDelta(deltas.Next(Totals(9, 5, 8, anew), s_now.AddSeconds(180)), 9, 5, 8, 9, anew);

        static void AssertDelta(IReadOnlyList<MetricFamily> families, double counter, ulong first, double sum, double gauge, DateTime start, ulong last = 1)
        {
            Assert.Equal((counter, start), (families[0].Series[0].Value, families[0].Series[0].Created));
            Assert.Equal([first, last], families[1].Series[0].Histogram!.Counts);
            Assert.Equal((sum, start), (families[1].Series[0].Histogram!.Sum, families[1].Series[0].Created));
            Assert.Equal(gauge, families[2].Series[0].Value);
        }
    }

    [Fact]
    public void Deltas_of_a_missing_series_count_from_its_last_appearance()
    {
        var deltas = new DeltaSeries();
        deltas.Next([Sample.Counter("bee_opens", (["a"], 5))], s_now);
        deltas.Next([Sample.Counter("bee_opens", (["b"], 5))], s_now.AddSeconds(60));
        deltas.Next([], s_now.AddSeconds(120));
        var again = deltas.Next([Sample.Counter("bee_opens", (["a"], 6))], s_now.AddSeconds(180))[0].Series[0];
        Assert.Equal((1, s_now), (again.Value, again.Created));
    }

    [Fact]
    public void Deltas_forget_series_that_have_ended()
    {
        var deltas = new DeltaSeries();
        deltas.Next([Sample.Counter("bee_opens", (["a"], 5))], s_now);
        for (var i = 0; i <= DeltaSeries.MostMissing; i++)
        {
            deltas.Next([], s_now);
        }

        Assert.Equal(6, deltas.Next([Sample.Counter("bee_opens", (["a"], 6))], s_now)[0].Series[0].Value);
    }

    [Fact]
    public void Delta_requests_say_so()
    {
        var metric = Json(Options(OtlpTemporality.Delta), Sample.Counter("bee_opens", (["a"], 5)));
        Assert.Equal(1, metric.GetProperty("sum").GetProperty("aggregationTemporality").GetInt32());
    }

    private static OtlpOptions Options(OtlpTemporality temporality = OtlpTemporality.Cumulative, bool exponential = false) => new()
    {
        Endpoint = new Uri("http://localhost/"),
        Protocol = OtlpProtocol.Json,
        Temporality = temporality,
        ExponentialHistograms = exponential,
    };

    private static JsonElement Json(MetricFamily family) => Json(Options(), family);

    private static JsonElement Json(OtlpOptions options, MetricFamily family)
    {
        using var buffer = new ExpositionBuffer();
        OtlpMetrics.Write([family], options, [], s_now, buffer);
        return JsonDocument.Parse(buffer.Written.ToArray()).RootElement.GetProperty("resourceMetrics")[0].GetProperty("scopeMetrics")[0].GetProperty("metrics")[0];
    }
}

using System.Text;
using Bee.Telemetry.Exposition;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Tests.Exposition;

/// <summary>Metrics for tests, and their encodings.</summary>
internal static class Sample
{
    public static readonly DateTime Created = new(2026, 11, 30, 10, 0, 0, 250, DateTimeKind.Utc);

    public static MetricDescriptor Descriptor(string name, MetricType type, string? unit = null, params string[] labels) => new(name, type, unit, $"Help of {name}.", labels);

    public static MetricFamily Counter(string name, params (string[] Labels, double Value)[] series) => new(
        Descriptor(name, MetricType.Counter, null, [.. Enumerable.Range(0, series[0].Labels.Length).Select(i => $"label{i}")]),
        [.. series.Select(one => new MetricSeries(one.Labels, one.Value) { Created = Created })]);

    public static MetricFamily Gauge(string name, params (string[] Labels, double Value)[] series) => new(
        Descriptor(name, MetricType.Gauge, null, [.. Enumerable.Range(0, series[0].Labels.Length).Select(i => $"label{i}")]),
        [.. series.Select(one => new MetricSeries(one.Labels, one.Value))]);

    public static MetricHistogram Histogram(double[] bounds, ulong[] counts, double? sum) => new(bounds, counts, sum);

    public static MetricFamily Histograms(string name, string? unit, params (string[] Labels, MetricHistogram Histogram)[] series) => new(
        Descriptor(name, MetricType.Histogram, unit, [.. Enumerable.Range(0, series[0].Labels.Length).Select(i => $"label{i}")]),
        [.. series.Select(one => new MetricSeries(one.Labels, one.Histogram.Count) { Created = Created, Histogram = one.Histogram })]);

    /// <summary>Powers of two with a native form: 10 observations, of which 2 are zero.</summary>
    public static MetricHistogram PowersOfTwo(double? sum = 51) =>
        new([0, 1, 2, 4, 8, 16], [2, 1, 3, 0, 4, 0, 0], sum) { Native = new(0, 0.5, 2, 0, [1, 3, 0, 4]) };

    public static byte[] Bytes(ExpositionFormat format, params MetricFamily[] families) => MetricEncoder.Encode(families, format);

    public static string Text(params MetricFamily[] families) => Encoding.UTF8.GetString(Bytes(ExpositionFormat.Text, families));

    public static string OpenMetrics(params MetricFamily[] families) => Encoding.UTF8.GetString(Bytes(ExpositionFormat.OpenMetrics, families));

    /// <summary>One family of each type, with labels and values that are hard to encode.</summary>
    public static MetricFamily[] Everything() =>
    [
        Counter("bee_test_opens", (["bash", "/etc/hosts"], 3), (["q\"uo\\te\nline", ""], 4), (["\ud800lone", "nul\0"], 5), (["\udc00lone", "nul\0"], 6), (["ä€😀\u202e", new string('x', 65536)], 7)),
        Gauge("bee_test_temperature", ([], -1.5e-7)),
        Histograms("bee_test_latency_seconds", "seconds", (["a"], Histogram([1e-6, 0.001, 1], [1, 2, 3, 4], 12.5)), (["b"], Histogram([1e-6, 0.001, 1], [0, 0, 0, 0], 0))),
        Histograms("bee_test_size", null, (["a"], PowersOfTwo())),
        Histograms("bee_test_unsummed", null, (["a"], PowersOfTwo(null))),
        Histograms("bee_test_idle", null, (["a"], new([1], [0, 0], 0) { Native = new(0, 0, 0, 0, []) })),
        Histograms("bee_test_tiny_seconds", "seconds", (["a"], new([0.001], [4, 0], 0.0017) { Native = new(0, 0, 1, -13, [0, 1, 0, 2, 0]) })),
        new(new("bee_test_build", MetricType.Info, null, "Backslash \\ and\nnewline.", ["version"]), [new(["1.0"], 1)]),
        new(new("ebpf_solo_io_events", MetricType.Counter, null, null, ["le", "__name__"]) { IsVerbatim = true }, [new(["a", "b"], 1) { Created = Created }]),
    ];
}

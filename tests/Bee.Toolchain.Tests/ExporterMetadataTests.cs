using Bee.Ebpf;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Events;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Telemetry.Collection;
using Bee.Toolchain.Isolation;
using Bee.Toolchain.Manifest;

namespace Bee.Toolchain.Tests;

/// <summary>Configurations of ebpf_exporter become metadata of maps, and unsupported parts are reported.</summary>
public class ExporterMetadataTests
{
    private const string Config = """
        metrics:
          counters:
            - name: calls_total
              help: Calls by function
              labels:
                - name: function
                  size: 8
                  decoders:
                    - name: ksym
            - name: nobody_total
              help: No such map
          histograms:
            - name: latency_seconds
              help: Latency of operations
              bucket_type: exp2
              bucket_min: 0
              bucket_max: 4
              bucket_multiplier: 0.000001 # microseconds to seconds
              labels:
                - name: group
                  size: 4
                  decoders: [{ name: uint }]
                - name: operation
                  size: 1
                  padding: 3
                  decoders:
                    - name: uint
                    - name: static_map
                      static_map: { 0: read, 1: write }
                - name: bucket
                  size: 8
                  decoders: [{ name: uint }]
            - name: backlog
              help: Length of a queue
              bucket_type: linear
              bucket_max: 20
              bucket_multiplier: 50
              labels:
                - name: bucket
                  size: 8
                  decoders: [{ name: regexp, regexps: [a] }]
            - name: sizes
              help: Sizes of buffers
              bucket_type: fixed
              bucket_keys: [10, 50, 100]
              labels:
                - name: bucket
                  size: 4
        kaddrs:
          - jiffies
        """;

    private const string Source = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        struct latency_key { u32 group; u8 op; u64 bucket; };
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, u64); __type(value, u64); } calls_total SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, struct latency_key); __type(value, u64); } latency_seconds SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 32); __type(key, u32); __type(value, u64); } backlog SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, u32); __type(value, u64); } sizes SEC(".maps");
        SEC("syscall") int nothing(void *context) { return 0; }
        """;

    private static ExporterMetadata Read(string text) => Isolated.Create<IExporterMetadataReader>().Read("tool.yaml", text)!;

    [Fact]
    public void Metrics_are_read()
    {
        ExporterMetadata config = Read(Config);
        Assert.Equal(["calls_total", "nobody_total", "latency_seconds", "backlog", "sizes"], config.Metrics.Select(metric => metric.Name));
        ExporterMetric latency = config.Metrics[2];
        Assert.Equal([1e-6, 2e-6, 4e-6, 8e-6], latency.Buckets);
        Assert.Equal(new HistogramSum { Slot = 5, Factor = 1e-6 }, latency.Sum);
        Assert.Equal(new HistogramScale { Spacing = HistogramSpacing.Linear, Step = 50 }, config.Metrics[3].Scale);
        Assert.Contains(config.Warnings, warning => warning.Contains("kaddrs", StringComparison.Ordinal));
        Assert.Contains(config.Warnings, warning => warning.Contains("regexp", StringComparison.Ordinal));
    }

    [Fact]
    public void Powers_with_a_slot_for_zero_have_a_bound_of_zero() =>
        Assert.Equal([0, 1, 2], Read("metrics: { histograms: [{ name: a, bucket_type: exp2zero, bucket_max: 3 }] }").Metrics[0].Buckets);

    [Theory]
    [InlineData("")]
    [InlineData("just a word")]
    [InlineData("metrics: 5")]
    [InlineData("name: mytool")]
    public void Read_of_another_YAML_file_returns_null(string text) => Assert.Null(Isolated.Create<IExporterMetadataReader>().Read("tool.yaml", text));

    [Theory]
    [InlineData("metrics: { histograms: [{ name: a, bucket_type: exp3, bucket_max: 3 }] }", "exp3")]
    [InlineData("metrics: { histograms: [{ name: a, bucket_type: exp2, bucket_max: many }] }", "bucket_max")]
    [InlineData("metrics: { histograms: [{ name: a, bucket_type: exp2, bucket_max: 100000 }] }", "slots")]
    [InlineData("metrics: { histograms: [{ name: a, bucket_type: fixed }] }", "bucket_keys")]
    [InlineData("metrics: { histograms: [{ name: a, bucket_type: fixed, bucket_keys: [5, 1] }] }", "ascend")]
    [InlineData("metrics: { histograms: [{ name: a, bucket_type: fixed, bucket_keys: [-5] }] }", "ascend")]
    [InlineData("metrics: { histograms: [{ name: a, bucket_type: exp2, bucket_max: 3, bucket_multiplier: -1 }] }", "bucket_multiplier")]
    [InlineData("metrics: { counters: [{ help: a }] }", "name")]
    [InlineData("metrics: { counters: word }", "list")]
    [InlineData("metrics: [", "")]
    public void A_metric_that_cannot_be_is_refused(string text, string what) =>
        Assert.Contains(what, Assert.Throws<ManifestException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Maps_get_their_metadata_and_a_bee_yaml_comes_before_it()
    {
        var warnings = new List<string>();
        ObjectFile file = Sources.Compile(Source);
        ObjectMetadata metadata = Read(Config).Of(file, warnings.Add);
        Assert.Contains("nobody_total", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Empty(MetadataCheck.Check(metadata, file));
        MapMetadata latency = metadata.Maps["latency_seconds"];
        Assert.Equal((MapRole.Histogram, "s"), (latency.Kind, latency.Unit));
        Assert.Equal(["group", "op"], latency.Labels);
        Assert.Equal(("operation", "write"), (latency.Fields["op"].Label, latency.Fields["op"].Values["1"]));
        Assert.Equal(LabelDecoder.KernelSymbol, metadata.Maps["calls_total"].Fields["Key"].Decode);
        var own = new ObjectMetadata { Maps = new Dictionary<string, MapMetadata> { ["latency_seconds"] = new() { Help = "mine" } } };
        MapDescription merged = file.WithMetadata(metadata).WithMetadata(own).Maps.Single(map => map.Name == "latency_seconds");
        Assert.Equal(("mine", MapRole.Histogram), (merged.Metadata.Help, merged.Role));
    }

    [KernelFact]
    public void Slots_and_sums_in_keys_become_the_buckets_and_sums_that_ebpf_exporter_serves()
    {
        ObjectFile file = Sources.Compile(Source);
        file = file.WithMetadata(Read(Config).Of(file, _ => { }));
        using var session = BpfSession.Load(file, new BpfSessionOptions());
        using EventReader reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole });
        void Set(string map, object key, ulong value)
        {
            var writer = new MapWriter(session.Maps.Single(one => one.Name == map));
            writer.Write(writer.Encode(key, value));
        }

        object Latency(uint group, byte op, ulong bucket) => new Dictionary<string, object?> { ["group"] = group, ["op"] = op, ["bucket"] = bucket };
        Set("latency_seconds", Latency(1, 1, 0), 2);
        Set("latency_seconds", Latency(1, 1, 2), 3);
        Set("latency_seconds", Latency(1, 1, 4), 1);
        Set("latency_seconds", Latency(1, 1, 5), 46);
        Set("latency_seconds", Latency(2, 7, 1), 1);
        Set("backlog", 1u, 4);
        Set("backlog", 21u, 6);
        Set("sizes", 50u, 2);
        Set("sizes", 101u, 60);
        Set("calls_total", 5ul, 9);
        var families = new SessionMetrics(new SessionMeter(session, reader.Streams), new SessionMetricsOptions { Tool = "t" }).Collect(default)
            .ToDictionary(family => family.Descriptor.Name);

        var latency = families["bee_t_latency_seconds"];
        Assert.Equal(["group", "operation"], latency.Descriptor.LabelNames);
        var first = latency.Series.Single(series => series.LabelValues[0] == "1");
        Assert.Equal("write", first.LabelValues[1]);
        Assert.Equal([1e-6, 2e-6, 4e-6, 8e-6], first.Histogram!.UpperBounds);
        Assert.Equal([2ul, 0, 3, 0, 1], first.Histogram.Counts);
        Assert.Equal((6d, 46e-6), (first.Value, first.Histogram.Sum!.Value));
        Assert.Equal("7", latency.Series.Single(series => series.LabelValues[0] == "2").LabelValues[1]);
        Assert.Equal((4d, 300d), (families["bee_t_backlog"].Series[0].Value, families["bee_t_backlog"].Series[0].Histogram!.Sum!.Value));
        Assert.Equal([0ul, 2, 0, 0], families["bee_t_sizes"].Series[0].Histogram!.Counts);
        Assert.Equal(60d, families["bee_t_sizes"].Series[0].Histogram!.Sum);
        Assert.Equal(("function", 9d), (families["bee_t_calls"].Descriptor.LabelNames[0], families["bee_t_calls"].Series[0].Value));
        // As objects they are the same.
        var histogram = session.Maps.Single(map => map.Name == "latency_seconds").Histograms().Single(one => one.Count == 6);
        Assert.Equal(46e-6, histogram.Sum!.Value, 12);
    }
}

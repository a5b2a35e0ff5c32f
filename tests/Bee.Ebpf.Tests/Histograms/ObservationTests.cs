using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Ebpf.Tests.Loading;
using Bee.Ebpf.Tests.Records;

namespace Bee.Ebpf.Tests.Histograms;

/// <summary>Records of a ring that are one value each: the choice of the value and of the labels, and the result.</summary>
public sealed class ObservationTests
{
    [ClangFact]
    public void Values_are_counted_for_each_combination_of_labels()
    {
        using var c = new CProgram("struct event { char comm[8]; u32 cpu; duration took; };", ["struct event"], """
            struct event events[] = { { "a", 1, 1000 }, { "a", 1, 1023 }, { "a", 1, 1024 }, { "a", 2, 7 }, { "b", 1, 0 } };
            put(events, sizeof events);
            """);
        var histograms = Count(Map(c, "event"), c.Output, 24);

        Assert.Equal(["a/1", "a/2", "b/1"], histograms.Select(h => $"{h.Get("comm")}/{h.Get("cpu")}"));
        Assert.Equal("hist_test", histograms[0].MapName);
        Assert.Equal((3ul, 3047d, 3047d / 3, "ns"), (histograms[0].Count, histograms[0].Sum, histograms[0].Mean, histograms[0].Unit));
        Assert.Equal(["512-1024: 2", "1024-2048: 1"], Text(histograms[0]));
        Assert.Equal(["4-8: 1"], Text(histograms[1]));
        Assert.Equal(["0-2: 1"], Text(histograms[2]));
        Assert.Equal(["MapName", "comm", "cpu", "Unit", "Count", "Sum", "Mean", "Buckets"], histograms[0].GetType().GetProperties().Where(p => p.GetIndexParameters().Length == 0).Select(p => p.Name));
        Assert.Equal(
            "{\"MapName\":\"hist_test\",\"comm\":\"b\",\"cpu\":1,\"Unit\":\"ns\",\"Count\":1,\"Sum\":0,\"Mean\":0,\"Buckets\":[{\"From\":0,\"To\":2,\"Count\":1}]}",
            histograms[2].ToString());
    }

    [ClangFact]
    public void Bytes_behind_a_text_or_beside_a_bit_field_do_not_distinguish_labels()
    {
        using var c = new CProgram("struct event { char comm[4]; u32 kind : 3; u32 rest : 29; u64 size; };", ["struct event"], """
            struct event events[] = { { "ab", 5, 1, 1 }, { "ab\0x", 5, 2, 1 }, { "ab", 6, 1, 1 } }; put(events, sizeof events);
            """);
        var histograms = Count(Map(c, "event", labels: ["comm", "kind"]), c.Output, 16);

        Assert.Equal([(5u, 2ul), (6u, 1ul)], histograms.Select(h => ((uint)h.Get("kind")!, h.Count)));
    }

    [ClangFact]
    public void The_value_is_le_or_the_only_duration_or_size_or_the_last_integer()
    {
        using var c = new CProgram("""
            struct bumblebee { char fname[16]; char op; u64 le; };
            struct bumblebee_first { u64 le; u64 count; char op[4]; };
            struct measured { u32 pid; byte_size size; u32 cpu; };
            struct last { u32 pid; ktime at; u64 latency; net_port port; char comm[16]; };
            struct two { duration waited; duration took; };
            """, ["struct bumblebee", "struct bumblebee_first", "struct measured", "struct last", "struct two"]);

        Assert.Equal("le: fname op", Chosen(c, "bumblebee"));
        Assert.Equal("le: count op", Chosen(c, "bumblebee_first"));
        Assert.Equal("size: pid cpu", Chosen(c, "measured"));
        // Timestamps hardly ever repeat, so they are not labels.
        Assert.Equal("latency: pid port comm", Chosen(c, "last"));
        Assert.Equal("took: waited", Chosen(c, "two"));
        Assert.Equal("waited: took", Chosen(c, "two", "took"));
        Assert.Equal("latency: comm", Chosen(c, "last", "comm"));
        Assert.Equal("pid: latency", Chosen(c, "last", "latency"));
    }

    [ClangFact]
    public void A_plain_number_needs_no_struct()
    {
        using var c = new CProgram("", ["s32"], "s32 values[] = { -1, -70000, 3 }; put(values, sizeof values);");
        var histogram = Assert.Single(Count(new MapDescription { Name = "hist_delta_us", Type = MapType.RingBuffer, Value = c.Root(0) }, c.Output, 4));

        Assert.Equal((3ul, -69998d, "us"), (histogram.Count, histogram.Sum, histogram.Unit));
        Assert.Equal(["-0: 2", "0-2: 0", "2-4: 1"], Text(histogram));
    }

    [ClangFact]
    public void Metadata_sets_limits_and_unit()
    {
        using var c = new CProgram("struct event { u32 le; };", ["struct event"], "struct event events[] = { { 0 }, { 10 }, { 11 }, { 5000 }, { 5001 } }; put(events, sizeof events);");
        var map = Map(c, "event").WithMetadata(new MapMetadata { Buckets = [0, 10, 5000], Unit = "packets" });
        var histogram = Assert.Single(Count(map, c.Output, 4));

        Assert.Equal(["-0: 1", "0-10: 1", "10-5000: 2", "5000-: 1"], Text(histogram));
        Assert.Equal(("packets", HistogramLimits.Named), (histogram.Unit, histogram.GetHistogramType()!.Limits));
    }

    [ClangFact]
    public void Labels_with_the_name_of_a_histogram_property_get_a_number()
    {
        using var c = new CProgram("struct event { u32 Count; char unit[4]; u64 took; };", ["struct event"], "struct event e = { 7, \"x\", 1 }; put(&e, sizeof e);");
        var histogram = Assert.Single(Count(Map(c, "event"), c.Output, 16));

        Assert.Equal((7u, "x", 1ul), (histogram.Get("Count_2"), histogram.Get("unit_2"), histogram.Count));
    }

    [ClangFact]
    public void A_record_without_a_number_has_no_histograms()
    {
        using var c = new CProgram("struct event { char comm[16]; ktime at; };", ["struct event"]);

        Assert.Null(HistogramType.For(Map(c, "event"), out var why));
        Assert.Equal("'struct event' has no number", why);
        Assert.Null(HistogramType.For(new MapDescription { Name = "hist_x", Type = MapType.RingBuffer }, out why));
        Assert.Contains("__type(value", why, StringComparison.Ordinal);
    }

    [ClangFact]
    public void Too_many_combinations_of_labels_are_reported_once()
    {
        using var c = new CProgram("struct event { u32 id; u64 le; };", ["struct event"]);
        var (tally, sink) = (Tally(Map(c, "event")), new CollectingSink());
        var record = new byte[16];
        for (var i = 0; i < SeriesTable.Most + 5; i++)
        {
            BitConverter.TryWriteBytes(record, i);
            tally.Observe(record);
        }

        var stopped = false;
        tally.Poll(sink, ref stopped);
        tally.Poll(sink, ref stopped);

        Assert.Equal(SeriesTable.Most, sink.Count);
        Assert.Contains("10000 combinations of id", Assert.Single(sink.Notices), StringComparison.Ordinal);
    }

    [ClangFact]
    public void Quantiles_are_within_their_bucket()
    {
        using var c = new CProgram("struct event { u64 le; };", ["struct event"], """
            for (u64 i = 0; i < 100; i++) { u64 v = i < 50 ? 3 : i < 99 ? 100 : 1000; put(&v, 8); }
            """);
        var histogram = Assert.Single(Count(Map(c, "event"), c.Output, 8));

        Assert.Equal((2d, 4d), (histogram.QuantileBucket(0.5)!.From, histogram.QuantileBucket(0.5)!.To));
        Assert.Equal((64d, 512d), (histogram.QuantileBucket(0.51)!.From, histogram.QuantileBucket(1)!.From));
        Assert.Equal((3d, 4d, 128d, 1024d), (histogram.Quantile(0.25), histogram.Quantile(0.5), histogram.Quantile(0.99), histogram.Quantile(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => histogram.Quantile(99));
    }

    private static MapDescription Map(CProgram c, string name, params string[] labels) =>
        new MapDescription { Name = "hist_test", Type = MapType.RingBuffer, Value = c.Struct(name) }.WithMetadata(new MapMetadata { Labels = labels });

    private static string Chosen(CProgram c, string name, params string[] labels)
    {
        var type = HistogramType.For(Map(c, name, labels), out _)!;
        var plan = (ObservationPlan)type.Plan;
        var value = plan.Record.Fields.Single(field => field.CName.Length > 0 && field.Offset == plan.Value.Offset);
        return $"{value.Name}: {string.Join(' ', type.Labels.Select(label => label.CName))}";
    }

    private static HistogramTally Tally(MapDescription map) => new(new RecordStream(map.Name, map, null, null, HistogramType.For(map, out _)!), all: false);

    private static List<Histogram> Count(MapDescription map, byte[] records, int size)
    {
        var tally = Tally(map);
        for (var at = 0; at < records.Length; at += size)
        {
            tally.Observe(records.AsSpan(at, size));
        }

        var (sink, stopped) = (new CollectingSink(), false);
        tally.Poll(sink, ref stopped);
        return [.. sink.Events.Cast<Histogram>()];
    }

    private static IEnumerable<string> Text(Histogram histogram) => histogram.Buckets.Select(bucket => $"{bucket.From}-{bucket.To}: {bucket.Count}");
}

using Bee.Ebpf.Events;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;
using Bee.Ebpf.Tests.Loading;

namespace Bee.Ebpf.Tests.Histograms;

/// <summary>Histograms of maps that a program in the kernel fills, compared with counts computed by hand.</summary>
[Collection(KernelFactAttribute.Collection)]
public sealed class HistogramRunTests
{
    private const string OfA = "0-2: 1, 2-4: 0, 4-8: 2", OfB = "4-8: 1, 8-16: 0, 16-32: 0, 32-64: 0, 64-128: 0, 128-256: 0, 256-512: 0, 512-1024: 1";
    private const string OfAll = "0-2: 1, 2-4: 0, 4-8: 3, 8-16: 0, 16-32: 0, 32-64: 0, 64-128: 0, 128-256: 0, 256-512: 0, 512-1024: 1";

    [KernelFact]
    public void With_the_slot_in_the_key_the_other_fields_are_labels()
    {
        foreach (var map in new[] { "hist_by_slot", "hist_by_slot_on_cpus" })
        {
            var histograms = Filled(map).OrderBy(h => $"{h.Get("name")}{h.Get("cpu")}").ToList();

            Assert.Equal(["a0", "a1", "b0"], histograms.Select(h => $"{h.Get("name")}{h.Get("cpu")}"));
            Assert.Equal(["0-2: 1, 2-4: 0, 4-8: 1", "4-8: 1", OfB], histograms.Select(Text));
            Assert.All(histograms, h => Assert.Null(h.Sum));
            Assert.All(histograms, h => Assert.Null(h.Mean));
        }
    }

    [KernelFact]
    public void Fields_that_are_not_labels_are_added_up()
    {
        var histograms = Filled("hist_by_slot", new MapMetadata { Labels = ["name"] });

        Assert.Equal([$"a {OfA}", $"b {OfB}"], histograms.Select(h => $"{h.Get("name")} {Text(h)}").Order());
        Assert.Null(histograms[0].GetType().GetProperty("cpu"));
    }

    [KernelFact]
    public void With_slots_in_the_value_the_key_is_the_labels()
    {
        var histograms = Filled("hist_in_value");
        Assert.Equal([$"a made {OfA}", $"b made {OfB}"], histograms.Select(h => $"{h.Get("text")} {h.Get("comm")} {Text(h)}").Order());

        histograms = Filled("hist_by_number");
        Assert.Equal([(97u, OfA), (98u, OfB)], histograms.Select(h => ((uint)h.Get("Key")!, Text(h))).Order());
    }

    [KernelFact]
    public void Counts_and_sums_of_all_CPUs_are_added_up()
    {
        var histograms = Filled("hist_in_values");
        Assert.Equal([("a", OfA, 12d, 4d), ("b", OfB, 905d, 452.5)], histograms.Select(h => ((string)h.Get("text")!, Text(h), h.Sum!.Value, h.Mean!.Value)).Order());

        var single = Assert.Single(Filled("hist_single_us"));
        Assert.Equal((OfAll, 917d, 5ul, "us"), (Text(single), single.Sum, single.Count, single.Unit));
        Assert.Empty(single.GetHistogramType()!.Labels);
    }

    [KernelFact]
    public void An_index_or_a_whole_key_can_be_the_slot_number()
    {
        foreach (var map in new[] { "hist_index", "hist_index_on_cpus", "hist_whole_key" })
        {
            Assert.Equal(OfAll, Text(Assert.Single(Filled(map))));
        }
    }

    [KernelFact]
    public void Metadata_sets_the_scale_of_slots()
    {
        var linear = new MapMetadata { Scale = new HistogramScale { Spacing = HistogramSpacing.Linear, Start = 0, Step = 10 } };
        Assert.Equal("0-10: 1, 10-20: 0, 20-30: 3, 30-40: 0, 40-50: 0, 50-60: 0, 60-70: 0, 70-80: 0, 80-90: 0, 90-100: 1", Text(Assert.Single(Filled("hist_index", linear))));

        var sink = new CollectingSink();
        var histogram = Assert.Single(Filled("hist_whole_key", new MapMetadata { Buckets = [1, 2] }, sink));
        Assert.Equal("-1: 1, 1-2: 0, 2-: 3", Text(histogram));
        Assert.Equal("hist_whole_key: slot 9 is beyond the last slot of the scale, 2, and is not counted. Declare a larger scale in bee.yaml.", Assert.Single(sink.Notices));
    }

    [KernelFact]
    public void A_map_without_slots_streams_its_entries_with_a_notice()
    {
        using var session = Load();
        Run(session, "fill");
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => m.Name == "hist_no_slots" });
        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);

        Assert.All(sink.Events, e => Assert.IsAssignableFrom<MapEntry>(e));
        Assert.Equal(2, sink.Count);
        Assert.Equal("hist_no_slots: is streamed without histograms: its key has no field 'slot' or 'bucket', and its value is not an array of slots.", Assert.Single(sink.Notices));
        Assert.Null(reader.Streams.Single().HistogramType);
    }

    [KernelFact]
    public void Histograms_of_a_ring_are_reported_at_the_end()
    {
        using var session = Load();
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => m.Name == "hist_ring", Interval = TimeSpan.FromHours(1) });
        Run(session, "send");
        Run(session, "send");
        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.FromMilliseconds(50));

        Assert.Equal(
            [("a", "0-2: 2, 2-4: 0, 4-8: 4", 24d), ("b", OfB.Replace(": 1", ": 2", StringComparison.Ordinal).Replace(": 28", ": 128", StringComparison.Ordinal), 1810d)],
            sink.Events.Cast<Histogram>().Select(h => ((string)h.Get("name")!, Text(h), h.Sum!.Value)));
        Assert.Equal("hist_ring: a record has 12 bytes, but its type has 16; records that end before their value or a label are not counted.", Assert.Single(sink.Notices));
        Assert.Equal(2, reader.Streams.Single().Count);
    }

    [KernelFact]
    public void Histograms_are_cumulative_and_reported_when_they_change()
    {
        using var session = Load();
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => m.Name is "hist_ring" or "hist_in_values", Interval = TimeSpan.FromMilliseconds(30) });
        using var stop = new CancellationTokenSource();
        var given = 0;
        var sink = new CollectingSink
        {
            OnEvent = _ =>
            {
                // The first poll reports both labels of the hash, then come those of the ring, and at the end the hash's again.
                switch (++given)
                {
                    case 2:
                        Run(session, "send");
                        break;
                    case 4:
                        Run(session, "fill");
                        stop.Cancel();
                        break;
                }

                return true;
            },
        };
        Run(session, "fill");
        reader.Run(sink, stop.Token, TimeSpan.FromSeconds(10));

        var histograms = sink.Events.Cast<Histogram>().ToList();
        Assert.Equal(["hist_in_values", "hist_in_values", "hist_ring", "hist_ring", "hist_in_values", "hist_in_values"], histograms.Select(h => h.MapName));
        Assert.Equal([5ul, 5, 10], histograms.Chunk(2).Select(pair => pair[0].Count + pair[1].Count));
    }

    [KernelFact]
    public void AllEntries_reports_every_histogram_at_every_interval()
    {
        using var session = Load();
        Run(session, "fill");
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => m.Name == "hist_in_values", AllEntries = true, Interval = TimeSpan.FromMilliseconds(20) });
        var seen = 0;
        var sink = new CollectingSink { OnEvent = _ => ++seen < 6 };
        reader.Run(sink, CancellationToken.None);

        Assert.Equal(6, sink.Count);
        Assert.All(sink.Events.Cast<Histogram>().Chunk(2), pair => Assert.Equal<ulong>([2, 3], pair.Select(h => h.Count).Order()));
    }

    [KernelFact]
    public void Histograms_are_reported_when_an_event_ends_the_run()
    {
        using var session = Load();
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => m.Name is "hist_ring" or "print_numbers", Interval = TimeSpan.FromHours(1) });
        Run(session, "send");
        var sink = new CollectingSink { OnEvent = e => e is Histogram };
        reader.Run(sink, CancellationToken.None, TimeSpan.FromSeconds(10));

        Assert.Equal(["print_numbers", "hist_ring", "hist_ring"], sink.Events.Select(e => e.Get("MapName")));

        // If the sink ends the run at a histogram, it receives no further ones.
        Run(session, "fill");
        using var others = session.OpenReader(new EventReaderOptions { Select = m => m.Name == "hist_in_values" });
        sink = new CollectingSink { OnEvent = _ => false };
        others.Run(sink, CancellationToken.None, TimeSpan.FromSeconds(10));

        Assert.Equal(1, sink.Count);
    }

    [KernelFact]
    public void Deleted_entries_are_not_reported_until_they_reappear()
    {
        using var session = Load();
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => m.Name == "hist_in_values" });
        ulong[] Changed(params string[] programs)
        {
            Array.ForEach(programs, program => Run(session, program));
            var sink = new CollectingSink();
            reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
            return [.. sink.Events.Cast<Histogram>().Select(h => h.Count).Order()];
        }

        Assert.Equal([2ul, 3], Changed("fill"));
        Assert.Empty(Changed());
        Assert.Empty(Changed("forget"));
        Assert.Equal([3ul, 4], Changed("fill"));
        // A histogram that was deleted and counted again between two polls is unchanged.
        Assert.Equal([6ul], Changed("forget", "fill"));
    }

    /// <summary>
    /// The kernel keeps spare entries for each CPU and evicts entries before the map is full, so fewer than the 100 keys of a round remain if the thread has moved to another CPU. The key that was
    /// added last always remains.
    /// </summary>
    [KernelFact]
    public void An_LRU_map_with_many_evicted_keys_does_not_exceed_the_limit()
    {
        using var session = Load();
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => m.Name == "hist_recent" });
        var sink = new CollectingSink();
        var keys = new HashSet<uint>();
        for (var round = 0u; keys.Count <= SeriesTable.Most; round++)
        {
            Run(session, "churn");
            var seen = sink.Count;
            reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
            keys.UnionWith(sink.Events.Skip(seen).Select(e => (uint)e.Get("Key")!));

            Assert.Contains(round * 100 + 99, keys);
            Assert.Equal(sink.Count, keys.Count);
        }

        Assert.Empty(sink.Notices);
        Assert.All(sink.Events.Cast<Histogram>(), h => Assert.Equal((8d, 1ul), (h.Buckets.Single().From, h.Count)));
    }

    [KernelFact]
    public void Histograms_of_a_perf_buffer_are_counted()
    {
        using var session = Load();
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => m.Name == "hist_perf", Interval = TimeSpan.FromHours(1) });
        session.Attach();
        foreach (var value in new[] { 1, 5, 6, 900 })
        {
            Calls.GetProcessGroup(value);
        }

        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.FromMilliseconds(50));

        var histogram = Assert.IsAssignableFrom<Histogram>(Assert.Single(sink.Events));
        Assert.Equal(("perf", 912d, 4ul), (histogram.Get("name"), histogram.Sum, histogram.Count));
        Assert.Equal("0-2: 1, 2-4: 0, 4-8: 2, 8-16: 0, 16-32: 0, 32-64: 0, 64-128: 0, 128-256: 0, 256-512: 0, 512-1024: 1", Text(histogram));
    }

    private static List<Histogram> Filled(string map, MapMetadata? words = null, CollectingSink? sink = null)
    {
        using var session = Load(map, words);
        Run(session, "fill");
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => m.Name == map });
        sink ??= new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
        return [.. sink.Events.Cast<Histogram>()];
    }

    private static BpfSession Load(string map = "", MapMetadata? words = null)
    {
        var file = Fixture.Object("histograms");
        return Calls.Load(words is null ? file : file.WithMetadata(new ObjectMetadata { Maps = new Dictionary<string, MapMetadata> { [map] = words } }));
    }

    private static void Run(BpfSession session, string program) => session.Programs.Single(p => p.Name == program).TestRun();

    private static string Text(Histogram histogram) => string.Join(", ", histogram.Buckets.Select(bucket => $"{bucket.From}-{bucket.To}: {bucket.Count}"));
}

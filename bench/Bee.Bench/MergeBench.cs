using System.Diagnostics;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Telemetry.Captures;
using Bee.Telemetry.Logs;

namespace Bee.Bench;

/// <summary>Measures the merge of twenty hosts' events by time, compared with reading the same events from one capture file.</summary>
internal static class MergeBench
{
    private const int Hosts = 20;

    public static IEnumerable<Row> Run(Workbench bench)
    {
        var path = bench.Path("merge.beecap");
        byte[] stream = [];
        using (var writer = CaptureWriter.Create(new CaptureOptions(path) { Replace = true }))
        {
            var copy = new MemoryStream();
            using var live = new CaptureStreamWriter(copy);
            EventRate.Measure(bench, counter => new Sink(writer, live, counter), () => { }, out _);
            writer.Complete();
            live.Complete(TimeSpan.FromMinutes(1));
            stream = copy.ToArray();
        }

        var read = new List<double>();
        var merged = new List<double>();
        for (var i = -1; i < Report.Runs; i++)
        {
            var (one, all) = (Read(path), Merge(stream));
            if (i >= 0)
            {
                read.Add(one);
                merged.Add(all);
            }
        }

        var cost = 1e9 / Report.Median(merged) - 1e9 / Report.Median(read);
        yield return new Row("merge of 20 hosts vs one capture", Report.Millions(Report.Median(read)), Report.Millions(Report.Median(merged)), $"+{cost:0} ns an event", "<= 2000 ns", cost <= 2000);
    }

    private static double Read(string path)
    {
        var start = Stopwatch.GetTimestamp();
        var sink = new CountingSink();
        using var reader = CaptureReader.Open(path);
        reader.Read(sink, CancellationToken.None);
        return sink.Count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    // Every host sends the same bytes, so the events of all hosts have to be interleaved.
    private static double Merge(byte[] stream)
    {
        var merge = new StreamMerge(TimeSpan.FromMilliseconds(200));
        StreamMerge.Source[] sources = [.. Enumerable.Range(0, Hosts).Select(_ => merge.Open())];
        var start = Stopwatch.GetTimestamp();
        foreach (var source in sources)
        {
            new Thread(() => Feed(stream, merge, source)) { IsBackground = true }.Start();
        }

        var events = new List<Merged>();
        var late = new RecordSender("host", Late: true);
        long count = 0;
        while (merge.Take(events, 256, TimeSpan.FromMilliseconds(250)))
        {
            foreach (var one in events)
            {
                if (one.IsLate)
                {
                    one.Event.Mark(late);
                }

                count++;
            }

            events.Clear();
        }

        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static void Feed(byte[] stream, StreamMerge merge, StreamMerge.Source source)
    {
        var reader = new CaptureStreamReader("host", new MemoryStream(stream), new RecordSender("host", Late: false));
        var feed = new FeedSink(merge, source);
        reader.ReadHead();
        // A twentieth of the stream, so that all hosts together send it once.
        while (feed.Count < EventRate.Calls / Hosts && reader.Read(feed))
        {
        }

        merge.End(source);
    }

    private sealed class FeedSink(StreamMerge merge, StreamMerge.Source source) : ICaptureStreamSink
    {
        private readonly List<(long Time, BpfEvent Event)> _block = [];
        private long _last, _latest;
        private int _bytes;

        public long Count { get; private set; }

        public void BeginBlock(long first, long last, int bytes) => (_last, _bytes) = (last, bytes);

        public bool Event(BpfEvent e)
        {
            var time = EventMoment.Of(e, new DateTime(_last, DateTimeKind.Utc))?.Ticks ?? _last;
            _latest = Math.Max(_latest, time);
            _block.Add((time, e));
            Count++;
            return true;
        }

        public void EndBlock()
        {
            merge.Add(source, _block, _bytes);
            merge.Promise(source, _latest);
        }

        public void Beat(Heartbeat beat)
        {
        }

        public void Message(StreamMessage message)
        {
        }

        public void Lost(string map, ulong count)
        {
        }
    }

    private sealed class Sink(CaptureWriter writer, CaptureStreamWriter live, IEventSink next) : IEventSink
    {
        public bool Event(BpfEvent e)
        {
            writer.Write(e);
            live.Write(e, CancellationToken.None);
            return next.Event(e);
        }

        public void Lost(string map, ulong count) => next.Lost(map, count);
    }
}

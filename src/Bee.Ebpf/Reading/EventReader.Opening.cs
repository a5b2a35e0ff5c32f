namespace Bee.Ebpf;

// How each map takes part: as a buffer of events, as entries that are polled, or as histograms from either.
public sealed partial class EventReader
{
    private RecordStream? Open(BpfMap map, EventReaderOptions options)
    {
        RecordStream stream;
        if (map.Description.Role == MapRole.Histogram && (map.Description.IsEventStream || map.CanPoll))
        {
            if (HistogramType.For(map.Description, out var whyNot) is { } type)
            {
                return OpenHistograms(map, type, options);
            }

            _notices.Add((map.Name, $"streams as it is and not as histograms: {whyNot}."));
        }

        if (map.Description.IsEventStream)
        {
            stream = new RecordStream(map.Name, map.Description, RecordType.ForEvent(map.Description), null) { Stacks = map.Stacks };
            _sources.Add(map.Description.Type == MapType.RingBuffer ? new RingSource(stream, map) : new PerfSource(stream, map));
            return stream;
        }

        if (!map.CanPoll || map.Description.IsInternal)
        {
            return null;
        }

        stream = new RecordStream(map.Name, map.Description, null, map.EntryType);
        _polled.Add(new PolledMap(stream, map, options.AllEntries));
        return stream;
    }

    private RecordStream OpenHistograms(BpfMap map, HistogramType type, EventReaderOptions options)
    {
        var stream = new RecordStream(map.Name, map.Description, null, null, type);
        if (map.Description.IsEventStream)
        {
            _sources.Add(map.Description.Type == MapType.RingBuffer ? new RingSource(stream, map) : new PerfSource(stream, map));
            stream.Tally = new HistogramTally(stream, options.AllEntries);
            _polled.Add(stream.Tally);
        }
        else
        {
            _polled.Add(new HistogramScan(stream, map.Scan(), options.AllEntries));
        }

        return stream;
    }
}

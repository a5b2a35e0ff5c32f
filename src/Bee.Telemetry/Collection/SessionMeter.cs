using Bee.Ebpf;

namespace Bee.Telemetry.Collection;

/// <summary>
/// What a session measures: its maps that are metrics, and the counts of its ring and perf buffers, which begin when this is made. Each <see cref="SessionMetrics"/>
/// of the session reads it under names and limits of its own.
/// </summary>
public sealed class SessionMeter
{
    private readonly List<WeakReference<SessionMetrics>> _readers = [];
    private readonly List<(MapPlan Plan, BpfMap Map, RecordTally? Tally)> _measured = [];

    /// <summary>Finds the metrics of a session, and counts the records of its buffers from now on.</summary>
    /// <param name="session">The session.</param>
    /// <param name="streams">The streams of the reader that reads its events; none for a session that is not read. Call this before the reader runs.</param>
    public SessionMeter(BpfSession session, IReadOnlyList<RecordStream> streams)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(streams);
        Session = session;
        Streams = streams;
        foreach (var map in session.Maps.Where(map => !LostCounts.IsCount(map.Description, session.File) && map.Name != LostCounts.MapName))
        {
            if (PlanOf(map) is not { } plan)
            {
                continue;
            }

            RecordTally? tally = null;
            if (map.Description.IsEventStream)
            {
                // Who reads a buffer takes its records out, so it can be counted only there.
                if (streams.FirstOrDefault(stream => stream.Name == map.Name && stream.Map is not null) is not { } stream)
                {
                    continue;
                }

                tally = new RecordTally(plan, map);
                stream.Observer = tally;
            }

            _measured.Add((plan, map, tally));
        }
    }

    /// <summary>The session.</summary>
    public BpfSession Session { get; }

    /// <summary>The streams of the reader.</summary>
    public IReadOnlyList<RecordStream> Streams { get; }

    internal IReadOnlyList<(MapPlan Plan, BpfMap Map, RecordTally? Tally)> Measured => _measured;

    /// <summary>Lets everything that reads this read once more and keep that: for the moment before the session ends by itself.</summary>
    public void Freeze()
    {
        WeakReference<SessionMetrics>[] readers;
        lock (_readers)
        {
            readers = [.. _readers];
        }

        foreach (var reader in readers)
        {
            if (reader.TryGetTarget(out var metrics))
            {
                metrics.Freeze();
            }
        }
    }

    internal void Register(SessionMetrics metrics)
    {
        lock (_readers)
        {
            _readers.RemoveAll(reader => !reader.TryGetTarget(out _));
            _readers.Add(new WeakReference<SessionMetrics>(metrics));
        }
    }

    private static MapPlan? PlanOf(BpfMap map)
    {
        try
        {
            return MapPlan.Of(map.Description);
        }
        catch (BpfObjectException)
        {
            // Types that contradict themselves are told of where the map is streamed.
            return null;
        }
    }
}

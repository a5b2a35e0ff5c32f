using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Programs;
using Bee.Ebpf.Records;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Collection;

/// <summary>
/// The measured parts of a session: its maps that are metrics, and the counts of its ring and perf buffers since this was created. Each <see cref="SessionMetrics"/>
/// of the session reads it under its own names and limits.
/// </summary>
internal sealed class SessionMeter
{
    private readonly List<WeakReference<SessionMetrics>> _readers = [];
    private readonly Dictionary<string, ProgramStatistics> _programs = new(StringComparer.Ordinal);
    private readonly List<(MapPlan Plan, BpfMap Map, RecordTally? Tally)> _measured = [];

    /// <summary>Finds the metrics of a session, and starts to count the records of its buffers.</summary>
    /// <param name="session">The session.</param>
    /// <param name="streams">The streams of the reader that reads the session's events; empty if none does. Call this before the reader runs.</param>
    public SessionMeter(BpfSession session, IReadOnlyList<RecordStream> streams)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(streams);
        Session = session;
        Streams = streams;
        foreach (var map in session.Maps.Where(map => !LostCounts.IsCount(map.Description, session.File) && !map.Description.IsOfHeader))
        {
            var plans = PlansOf(map);
            if (!map.Description.IsEventStream)
            {
                _measured.AddRange(plans.Select(plan => (plan, map, (RecordTally?)null)));
            }
            else if (streams.FirstOrDefault(stream => stream.Name == map.Name && stream.Map is not null) is { } stream && plans.Count > 0)
            {
                // The reader consumes the records of a buffer, so they can be counted only there.
                RecordTally[] tallies = [.. plans.Select(plan => new RecordTally(plan, map, map.Containers))];
                stream.Observer = tallies.Length == 1 ? tallies[0] : new RecordTallies(tallies);
                _measured.AddRange(plans.Zip(tallies, (plan, tally) => (plan, map, (RecordTally?)tally)));
            }
        }
    }

    /// <summary>The session.</summary>
    public BpfSession Session { get; }

    /// <summary>The streams of the session's reader.</summary>
    public IReadOnlyList<RecordStream> Streams { get; }

    /// <summary>Whether the session keeps the kernel's statistics enabled, so that the metrics include the runs of its programs.</summary>
    public bool CountsRuns { get; init; }

    internal IReadOnlyList<(MapPlan Plan, BpfMap Map, RecordTally? Tally)> Measured => _measured;

    /// <summary>Reports whether a metric has a label of this name, as the field or as the label is named.</summary>
    /// <param name="name">The name, in any case.</param>
    public bool HasLabel(string name) => _measured.Exists(one =>
    {
        string[] names = [.. one.Plan.Labels.Select(label => label.Name), .. one.Map.Containers is null || one.Plan.Where is null ? [] : ExtraNames.OfContainer];
        return names.Concat(one.Plan.Labels.Select(label => label.Field)).Concat(MetricNames.Labels(names)).Contains(name, StringComparer.OrdinalIgnoreCase);
    });

    /// <summary>Reads the kernel's statistics of the programs, by name. After the end of the session, returns the last values. Safe from any thread.</summary>
    public IReadOnlyDictionary<string, ProgramStatistics> ReadPrograms()
    {
        lock (_programs)
        {
            try
            {
                foreach (var program in Session.Programs)
                {
                    if (program.ReadStatistics() is { } statistics)
                    {
                        _programs[program.Name] = statistics;
                    }
                }
            }
            catch (ObjectDisposedException)
            {
                // The session has ended.
            }

            return new Dictionary<string, ProgramStatistics>(_programs);
        }
    }

    /// <summary>Makes all readers of this meter read once more and keep the result. Call this before the session ends.</summary>
    public void Freeze()
    {
        ReadPrograms();
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

    private static IReadOnlyList<MapPlan> PlansOf(BpfMap map)
    {
        try
        {
            return [.. MapPlan.AllOf(map.Description)];
        }
        catch (BpfObjectException)
        {
            // Inconsistent types are reported when the map is streamed.
            return [];
        }
    }
}

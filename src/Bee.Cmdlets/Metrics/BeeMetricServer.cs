using System.Management.Automation.Runspaces;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Ebpf.Programs;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Serving;

namespace Bee.Cmdlets.Metrics;

/// <summary>A server of metrics that this process runs.</summary>
public sealed class BeeMetricServer
{
    private readonly MetricServer _server;
    private readonly BackgroundMetrics _metrics;

    internal BeeMetricServer(int id, MetricServer server, BackgroundMetrics metrics, MetricNaming naming, Guid runspace)
    {
        Id = id;
        _server = server;
        _metrics = metrics;
        MetricNames = naming;
        Runspace = runspace;
        Started = DateTime.Now;
    }

    /// <summary>A number that is unique among the servers of this process, beginning at 1.</summary>
    public int Id { get; }

    /// <summary>The address of the metrics.</summary>
    public Uri Uri => _server.Uri;

    /// <summary>The port.</summary>
    public int Port => _server.Endpoint.Port;

    /// <summary>Whether it listens.</summary>
    public bool IsRunning => _server.IsRunning;

    /// <summary>Whether connections are encrypted.</summary>
    public bool IsTls => _server.IsTls;

    /// <summary>Whether scrapers need a token.</summary>
    public bool NeedsToken => _server.NeedsToken;

    /// <summary>The names of the sessions whose metrics are served now.</summary>
    public string[] Sessions => [.. _metrics.Sessions.Select(session => session.Name)];

    /// <summary>How metrics are named.</summary>
    public MetricNaming MetricNames { get; }

    /// <summary>When it began to listen, in local time.</summary>
    public DateTime Started { get; }

    /// <summary>How many scrapes it has answered.</summary>
    public long Scrapes => _server.Statistics.Scrapes;

    /// <summary>When it answered the last one, in local time; null before the first.</summary>
    public DateTime? LastScrape => _server.Statistics.LastScrape?.ToLocalTime();

    /// <summary>How long it read the sources for the last one.</summary>
    public TimeSpan LastDuration => _server.Statistics.LastDuration;

    /// <summary>How many times a source could not be read.</summary>
    public long Errors => _server.Statistics.Errors;

    /// <summary>How many connections and requests it refused.</summary>
    public long Rejected => _server.Statistics.Rejected;

    /// <summary>The runspace that started it, and that stops it when it closes.</summary>
    internal Guid Runspace { get; }

    /// <summary>The sessions that it serves for as long as they run, and with whose last it ends; null for a server that is stopped by itself.</summary>
    internal HashSet<BpfProgramSession>? Owners { get; init; }

    /// <summary>Keeps the kernel's statistics on while it runs; null if it does not serve them.</summary>
    internal StatisticsLease? Statistics { get; init; }

    /// <summary>Frees the port.</summary>
    internal void Stop()
    {
        _server.Dispose();
        Statistics?.Dispose();
    }

    /// <inheritdoc/>
    public override string ToString() => Uri.ToString();
}

/// <summary>
/// The metric servers of this process. All runspaces see them; the one that started a server stops it when it closes, and removing the module stops what its runspace started.
/// </summary>
internal static class RunningServers
{
    private static readonly object s_gate = new();
    private static readonly List<BeeMetricServer> s_servers = [];
    private static int s_lastId;

    // Without a server nothing has to be done when a program or a runspace ends.
    static RunningServers()
    {
        RunningPrograms.Removed += Leave;
        RunspaceEnd.Ended += StopAllOf;
    }

    public static int NextId() => Interlocked.Increment(ref s_lastId);

    /// <summary>The servers in the order they were started.</summary>
    public static IReadOnlyList<BeeMetricServer> All()
    {
        lock (s_gate)
        {
            return [.. s_servers];
        }
    }

    /// <summary>Adds a server, and watches the runspace that started it.</summary>
    public static void Add(BeeMetricServer server, Runspace? owner)
    {
        lock (s_gate)
        {
            s_servers.Add(server);
        }

        RunspaceEnd.Watch(owner);
    }

    /// <summary>Stops a server and takes it off the list.</summary>
    public static void Stop(BeeMetricServer server)
    {
        server.Stop();
        lock (s_gate)
        {
            s_servers.Remove(server);
        }
    }

    /// <summary>Lets a server serve one more session, and end with the last.</summary>
    public static void Join(BeeMetricServer server, BpfProgramSession session)
    {
        lock (s_gate)
        {
            server.Owners!.Add(session);
        }
    }

    /// <summary>Whether a server serves a session.</summary>
    public static bool Serves(HashSet<BpfProgramSession> owners, BpfProgramSession session)
    {
        lock (s_gate)
        {
            return owners.Contains(session);
        }
    }

    // Stops the servers that served this session alone, or as the last one.
    private static void Leave(BpfProgramSession session)
    {
        foreach (BeeMetricServer server in All())
        {
            bool isLast;
            lock (s_gate)
            {
                isLast = server.Owners is { } owners && owners.Remove(session) && owners.Count == 0;
            }

            if (isLast)
            {
                Stop(server);
            }
        }
    }

    private static void StopAllOf(Guid runspace)
    {
        foreach (BeeMetricServer server in All())
        {
            if (server.Runspace == runspace)
            {
                Stop(server);
            }
        }
    }
}

/// <summary>Finds the metric servers that ids and ports mean.</summary>
/// <param name="streams">Where a number that means no server is reported.</param>
internal sealed class MetricServerSelector(ICmdletStreams streams)
{
    /// <summary>Returns the servers with these ids or ports; others are reported as errors.</summary>
    public IEnumerable<BeeMetricServer> Select(IEnumerable<int> ids)
    {
        foreach (int id in ids)
        {
            IReadOnlyList<BeeMetricServer> all = RunningServers.All();
            if (all.FirstOrDefault(server => server.Id == id) is { } found || (found = all.FirstOrDefault(server => server.Port == id)) is not null)
            {
                yield return found;
                continue;
            }

            string known = string.Join(", ", all.Select(server => $"{server.Id} ({server.Uri})"));
            streams.WriteError(new BeeInputException(
                "MetricServerNotFound",
                $"No metric server has the id or port {id}." + (known.Length > 0 ? $" Those that run: {known}." : " None runs."),
                "Get-BeeMetricServer lists them; Start-BeeMetricServer starts one."), id);
        }
    }
}

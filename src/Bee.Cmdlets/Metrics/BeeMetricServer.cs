using System.Management.Automation.Runspaces;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Ebpf.Programs;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Serving;

namespace Bee.Cmdlets.Metrics;

/// <summary>A metric server that runs in this process.</summary>
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

    /// <summary>The server's number, unique in this process, starting at 1.</summary>
    public int Id { get; }

    /// <summary>The address of the metrics.</summary>
    public Uri Uri => _server.Uri;

    /// <summary>The port.</summary>
    public int Port => _server.Endpoint.Port;

    /// <summary>Whether the server is listening.</summary>
    public bool IsRunning => _server.IsRunning;

    /// <summary>Whether connections are encrypted.</summary>
    public bool IsTls => _server.IsTls;

    /// <summary>Whether scrapers need a token.</summary>
    public bool NeedsToken => _server.NeedsToken;

    /// <summary>The names of the sessions whose metrics are served.</summary>
    public string[] Sessions => [.. _metrics.Sessions.Select(session => session.Name)];

    /// <summary>The naming convention of the metrics.</summary>
    public MetricNaming MetricNames { get; }

    /// <summary>When the server started to listen, in local time.</summary>
    public DateTime Started { get; }

    /// <summary>The number of answered scrapes.</summary>
    public long Scrapes => _server.Statistics.Scrapes;

    /// <summary>The time of the last answered scrape, in local time; null before the first.</summary>
    public DateTime? LastScrape => _server.Statistics.LastScrape?.ToLocalTime();

    /// <summary>The time that reading the sources took for the last scrape.</summary>
    public TimeSpan LastDuration => _server.Statistics.LastDuration;

    /// <summary>The number of times that a source could not be read.</summary>
    public long Errors => _server.Statistics.Errors;

    /// <summary>The number of rejected connections and requests.</summary>
    public long Rejected => _server.Statistics.Rejected;

    /// <summary>The runspace that started the server. The server stops when it closes.</summary>
    internal Guid Runspace { get; }

    /// <summary>The sessions that the server serves. The server stops with the last of them. Null for a server from Start-BeeMetricServer.</summary>
    internal HashSet<BpfProgramSession>? Owners { get; init; }

    /// <summary>Keeps the kernel's statistics on while the server runs; null if they are not served.</summary>
    internal StatisticsLease? Statistics { get; init; }

    /// <summary>Stops the server and frees the port.</summary>
    internal void Stop()
    {
        _server.Dispose();
        Statistics?.Dispose();
    }

    /// <inheritdoc/>
    public override string ToString() => Uri.ToString();
}

/// <summary>
/// The metric servers of this process, visible to all runspaces. A server stops when the runspace that started it closes. Removing the module stops the servers of its runspace.
/// </summary>
internal static class RunningServers
{
    private static readonly object s_gate = new();
    private static readonly List<BeeMetricServer> s_servers = [];
    private static int s_lastId;

    // Subscribed when the first server is added: without one, the end of a session or runspace needs no action.
    static RunningServers()
    {
        RunningPrograms.Removed += Leave;
        RunspaceEnd.Ended += StopAllOf;
    }

    public static int NextId() => Interlocked.Increment(ref s_lastId);

    /// <summary>Returns the servers in the order in which they were started.</summary>
    public static IReadOnlyList<BeeMetricServer> All()
    {
        lock (s_gate)
        {
            return [.. s_servers];
        }
    }

    /// <summary>Adds a server, and stops it when its owner closes.</summary>
    public static void Add(BeeMetricServer server, Runspace? owner)
    {
        lock (s_gate)
        {
            s_servers.Add(server);
        }

        RunspaceEnd.Watch(owner);
    }

    /// <summary>Stops a server and removes it from the list.</summary>
    public static void Stop(BeeMetricServer server)
    {
        server.Stop();
        lock (s_gate)
        {
            s_servers.Remove(server);
        }
    }

    /// <summary>Adds a session to a server, which stops with the last of its sessions.</summary>
    public static void Join(BeeMetricServer server, BpfProgramSession session)
    {
        lock (s_gate)
        {
            server.Owners!.Add(session);
        }
    }

    /// <summary>Returns whether a server with these owners serves a session.</summary>
    public static bool Serves(HashSet<BpfProgramSession> owners, BpfProgramSession session)
    {
        lock (s_gate)
        {
            return owners.Contains(session);
        }
    }

    // Removes a session from all servers, and stops those that have none left.
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

/// <summary>Finds metric servers by id or port.</summary>
/// <param name="streams">Receives the error of a number that matches no server.</param>
internal sealed class MetricServerSelector(ICmdletStreams streams)
{
    /// <summary>Returns the servers with these ids or ports, and writes an error for each number without one.</summary>
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
                $"No metric server has the id or port {id}." + (known.Length > 0 ? $" Running servers: {known}." : " No server is running."),
                "Get-BeeMetricServer lists the servers, and Start-BeeMetricServer starts one."), id);
        }
    }
}

using Bee.Telemetry.Collection;
using Bee.Telemetry.Serving;

namespace Bee.Cmdlets;

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

    /// <summary>Frees the port.</summary>
    internal void Stop() => _server.Dispose();

    /// <inheritdoc/>
    public override string ToString() => Uri.ToString();
}

using System.Runtime.InteropServices;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Telemetry.Metrics;
using Bee.Telemetry.Otlp;

namespace Bee.Cmdlets.Metrics;

/// <summary>An OTLP export of metrics. Sources can be added later. Thread-safe.</summary>
internal sealed class MetricExport : IDisposable
{
    // The maximum time that the final flush may keep the user waiting.
    private static readonly TimeSpan s_lastFlush = TimeSpan.FromSeconds(5);

    private readonly object _gate = new();
    private readonly List<IMetricSource> _sources = [];
    private readonly MetricPusher _pusher;
    private bool _isFinished;

    private MetricExport(OtlpOptions options)
    {
        _pusher = new MetricPusher(options, Sources);
        _pusher.Start();
    }

    /// <summary>The metrics about the export itself.</summary>
    public IMetricSource Metrics => _pusher.Metrics;

    /// <summary>Starts an export. Invalid options terminate the command.</summary>
    public static MetricExport Open(BeeCmdlet cmdlet, OtlpOptions options)
    {
        try
        {
            return new MetricExport(options);
        }
        catch (Exception error) when (ErrorRecords.IsExpected(error))
        {
            cmdlet.ThrowTerminatingError(ErrorRecords.From(error, options.Destination));
            throw;
        }
    }

    /// <summary>Starts exporting a source.</summary>
    public void Add(IMetricSource source)
    {
        lock (_gate)
        {
            _sources.Add(source);
        }
    }

    /// <summary>Stops exporting a source, without its last values.</summary>
    public void Forget(IMetricSource source)
    {
        lock (_gate)
        {
            _sources.Remove(source);
        }
    }

    /// <summary>Exports the last values of a source and removes it. The source is not read after that.</summary>
    public void Remove(IMetricSource source)
    {
        _pusher.Push(CancellationToken.None);
        Forget(source);
    }

    /// <summary>Sends the queued data, for a few seconds at most, and ends the export. Another Ctrl+C ends the wait.</summary>
    /// <param name="cancellationToken">Also ends the wait.</param>
    public void Finish(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_isFinished)
            {
                return;
            }

            _isFinished = true;
        }

        using var flush = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var signal = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            try
            {
                flush.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The flush ended just now.
            }
        });
        _pusher.Complete(s_lastFlush, flush.Token);
    }

    /// <summary>Returns a sentence about undelivered data; null if everything was delivered.</summary>
    public string? Report() => _pusher.Report();

    public void Dispose() => Finish(CancellationToken.None);

    private IMetricSource[] Sources()
    {
        lock (_gate)
        {
            return _sources.Count == 0 ? [] : [.. _sources, BuildInfo.Source];
        }
    }
}

/// <summary>The exports of background sessions. An export ends with the last of its sessions.</summary>
internal static class RunningExports
{
    private static readonly object s_gate = new();
    private static readonly Dictionary<BpfProgramSession, (MetricExport Export, IMetricSource View)> s_joined = [];
    private static readonly List<string> s_reports = [];

    static RunningExports() => RunningPrograms.Removed += Leave;

    /// <summary>Exports the metrics of a session until the session leaves the list of running sessions.</summary>
    public static void Join(MetricExport export, BpfProgramSession session)
    {
        if (BackgroundMetrics.View(session, new MetricSettings()) is { } view)
        {
            lock (s_gate)
            {
                s_joined.Add(session, (export, view));
            }

            export.Add(view);
        }
    }

    /// <summary>Removes a session that failed to start, without exporting its values.</summary>
    /// <returns>Whether the export has other sessions.</returns>
    public static bool Forget(MetricExport export, BpfProgramSession session)
    {
        lock (s_gate)
        {
            if (s_joined.Remove(session, out var joined))
            {
                export.Forget(joined.View);
            }

            return s_joined.Values.Any(other => other.Export == export);
        }
    }

    /// <summary>Returns the reports of exports that have ended, and removes them.</summary>
    public static IReadOnlyList<string> TakeReports()
    {
        lock (s_gate)
        {
            string[] reports = [.. s_reports];
            s_reports.Clear();
            return reports;
        }
    }

    private static void Leave(BpfProgramSession session)
    {
        (MetricExport Export, IMetricSource View) joined;
        bool isLast;
        lock (s_gate)
        {
            if (!s_joined.Remove(session, out joined))
            {
                return;
            }

            isLast = !s_joined.Values.Any(other => other.Export == joined.Export);
        }

        joined.Export.Remove(joined.View);
        if (isLast)
        {
            joined.Export.Finish(CancellationToken.None);
            if (joined.Export.Report() is { } report)
            {
                lock (s_gate)
                {
                    s_reports.Add(report);
                }
            }
        }
    }
}

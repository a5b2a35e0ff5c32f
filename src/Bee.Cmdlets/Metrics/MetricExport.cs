using System.Runtime.InteropServices;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Telemetry.Metrics;
using Bee.Telemetry.Otlp;

namespace Bee.Cmdlets.Metrics;

/// <summary>An export of metrics by OTLP, and what it exports, which may come later. All members are safe from any thread.</summary>
internal sealed class MetricExport : IDisposable
{
    // A user waits for this at the end.
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

    /// <summary>What the export counts of itself.</summary>
    public IMetricSource Metrics => _pusher.Metrics;

    /// <summary>Starts an export; options that cannot be used end the command.</summary>
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

    /// <summary>Exports a source from now on.</summary>
    public void Add(IMetricSource source)
    {
        lock (_gate)
        {
            _sources.Add(source);
        }
    }

    /// <summary>Exports a source no longer, not even its last numbers.</summary>
    public void Forget(IMetricSource source)
    {
        lock (_gate)
        {
            _sources.Remove(source);
        }
    }

    /// <summary>Exports the last numbers of a source. It must not be read any more after that.</summary>
    public void Remove(IMetricSource source)
    {
        _pusher.Push(CancellationToken.None);
        Forget(source);
    }

    /// <summary>Sends what waits, for a few seconds at the most, and ends. Another Ctrl+C ends the wait.</summary>
    /// <param name="cancellationToken">Ends the wait too.</param>
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

        using var impatience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var signal = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            try
            {
                impatience.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The flush has just ended.
            }
        });
        _pusher.Finish(s_lastFlush, impatience.Token);
    }

    /// <summary>Returns a sentence about what did not arrive; null if everything did.</summary>
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

/// <summary>The exports of background sessions: each ends with the last of its sessions.</summary>
internal static class RunningExports
{
    private static readonly object s_gate = new();
    private static readonly Dictionary<BpfProgramSession, (MetricExport Export, IMetricSource View)> s_joined = [];
    private static readonly List<string> s_reports = [];

    static RunningExports() => RunningPrograms.Removed += Leave;

    /// <summary>Exports the metrics of a session until it is taken off the list.</summary>
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

    /// <summary>Takes back a session that failed to start. Its numbers are not exported.</summary>
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

    /// <summary>Takes out what the exports that have ended report.</summary>
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

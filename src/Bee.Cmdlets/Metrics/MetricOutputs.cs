using Bee.Cmdlets.Base;
using Bee.Cmdlets.Tools;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Otlp;

namespace Bee.Cmdlets.Metrics;

/// <summary>The destinations of the metrics of one command: a server for scrapers (-MetricListen) and an OTLP receiver (-OtlpEndpoint).</summary>
internal sealed class MetricOutputs : IDisposable
{
    private bool _isFinished;

    private MetricOutputs(MetricListener? listener, MetricExport? export) => (Listener, Export) = (listener, export);

    /// <summary>The server; null without -MetricListen, or after another owner has taken it over.</summary>
    public MetricListener? Listener { get; private set; }

    /// <summary>The export; null without -OtlpEndpoint, or after another owner has taken it over.</summary>
    public MetricExport? Export { get; private set; }

    /// <summary>Opens the requested destinations. Returns null if the user requests none. A failure terminates the command.</summary>
    /// <param name="cmdlet">The command.</param>
    /// <param name="listen">The address to listen on; null for none.</param>
    /// <param name="otlp">The OTLP parameters.</param>
    public static MetricOutputs? Open(BeeCmdlet cmdlet, string? listen, OtlpArguments otlp)
    {
        OtlpOptions? options = otlp.Resolve(cmdlet, OtlpSignal.Metrics);
        if (listen is null && options is null)
        {
            return null;
        }

        MetricExport? export = options is null ? null : MetricExport.Open(cmdlet, options);
        try
        {
            MetricListener? listener = listen is null ? null : MetricListener.Start(cmdlet, listen, new MetricAccess());
            if (export is not null)
            {
                listener?.Add(export.Metrics);
            }

            return new MetricOutputs(listener, export);
        }
        catch
        {
            export?.Dispose();
            throw;
        }
    }

    /// <summary>Adds the metrics of a session to all destinations, until the result is disposed. Call it before the reader runs.</summary>
    public ServedSession Serve(BpfSession session, EventReader reader, ToolOrigin tool, bool countsRuns) => new(this, session, reader, tool, countsRuns);

    /// <summary>Gives up ownership of the server and the export: they now end with the sessions that joined them.</summary>
    public void Leave() => (Listener, Export) = (null, null);

    /// <summary>Ends the export and warns once about undelivered data.</summary>
    /// <param name="warn">Writes a warning.</param>
    /// <param name="cancellationToken">Ends the final flush.</param>
    public void Finish(Action<string> warn, CancellationToken cancellationToken)
    {
        if (Export is not { } export || _isFinished)
        {
            return;
        }

        _isFinished = true;
        export.Finish(cancellationToken);
        if (export.Report() is { } report)
        {
            warn(report);
        }
    }

    /// <summary>Frees the port, and ends the export after a final flush.</summary>
    public void Dispose()
    {
        Export?.Dispose();
        Listener?.Dispose();
    }
}

/// <summary>The metrics of a session in the foreground, as served by one command.</summary>
internal sealed class ServedSession : IDisposable
{
    private readonly MetricOutputs _outputs;
    private readonly SessionMeter _meter;
    private readonly SessionView _view;
    private volatile bool _isEnded;

    public ServedSession(MetricOutputs outputs, BpfSession session, EventReader reader, ToolOrigin tool, bool countsRuns)
    {
        _outputs = outputs;
        _meter = new SessionMeter(session, reader.Streams) { CountsRuns = countsRuns };
        _view = new SessionView(
            _meter,
            new MetricSettings().For(tool.Name, tool, DateTime.UtcNow),
            () => SessionView.Status(tool.Name, tool, !_isEnded, dropped: null));
        outputs.Listener?.Add(_view);
        outputs.Export?.Add(_view);
    }

    /// <summary>Keeps the last values for the export, because the session ends before the export does.</summary>
    public void Freeze()
    {
        if (_outputs.Export is not null)
        {
            _meter.Freeze();
        }
    }

    public void Dispose()
    {
        _isEnded = true;
        _outputs.Export?.Remove(_view);
        _outputs.Listener?.Remove(_view);
    }
}

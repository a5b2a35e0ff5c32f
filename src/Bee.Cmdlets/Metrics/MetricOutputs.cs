using Bee.Cmdlets.Base;
using Bee.Cmdlets.Tools;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Otlp;

namespace Bee.Cmdlets.Metrics;

/// <summary>Where the metrics of the tools of one command go: to scrapers (-MetricListen) and to a receiver of OTLP (-OtlpEndpoint).</summary>
internal sealed class MetricOutputs : IDisposable
{
    private bool _isFinished;

    private MetricOutputs(MetricListener? listener, MetricExport? export) => (Listener, Export) = (listener, export);

    /// <summary>The server; null without -MetricListen, and once another has taken it over.</summary>
    public MetricListener? Listener { get; private set; }

    /// <summary>The export; null without -OtlpEndpoint, and once another has taken it over.</summary>
    public MetricExport? Export { get; private set; }

    /// <summary>Opens what is asked for; null if nothing is. What cannot be opened ends the command.</summary>
    /// <param name="cmdlet">The command.</param>
    /// <param name="listen">The address to listen on; null for none.</param>
    /// <param name="otlp">What the parameters of OTLP say.</param>
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

    /// <summary>Gives the metrics of a session that a command reads to all outputs, until the result is disposed of. Call it before the reader runs.</summary>
    public ServedSession Serve(BpfSession session, EventReader reader, ToolOrigin tool, bool countsRuns) => new(this, session, reader, tool, countsRuns);

    /// <summary>Leaves the server and the export to the sessions that they were joined with.</summary>
    public void Leave() => (Listener, Export) = (null, null);

    /// <summary>Brings to an end what is exported, and tells once what did not arrive.</summary>
    /// <param name="warn">Writes a warning.</param>
    /// <param name="cancellationToken">Ends the last flush.</param>
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

    /// <summary>Frees the port, and ends the export after a last flush.</summary>
    public void Dispose()
    {
        Export?.Dispose();
        Listener?.Dispose();
    }
}

/// <summary>The metrics of a session that a command reads, on the outputs of that command.</summary>
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

    /// <summary>Keeps the last numbers for the export, for a session that ends before this does.</summary>
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

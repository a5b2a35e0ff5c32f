using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Metrics;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Records;
using Bee.Posix;
using Bee.Telemetry.Delivery;
using Bee.Telemetry.Journal;
using Bee.Telemetry.Logs;
using Bee.Telemetry.Otlp;
using Bee.Telemetry.Syslog;

namespace Bee.Cmdlets.Events;

/// <summary>Sends events as log records to the systemd journal, syslog or an OpenTelemetry collector.</summary>
[Cmdlet(VerbsCommunications.Send, "BeeEvent")]
[OutputType(typeof(BpfEvent), typeof(MapEntry), ParameterSetName = ["__AllParameterSets"])]
public sealed class SendEventCommand : BeeCmdlet
{
    private static readonly TimeSpan s_lastFlush = TimeSpan.FromSeconds(5);

    private readonly List<DeliveryQueue> _queues = [];
    private readonly HashSet<DeliveryQueue> _down = [];
    private IDisposable? _losses;
    private bool _hasReported;

    /// <summary>The events.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [AllowNull]
    public PSObject? InputObject { get; set; }

    /// <summary>Sends to the systemd journal.</summary>
    [Parameter]
    public SwitchParameter Journal { get; set; }

    /// <summary>The journal's socket, for a journal with a namespace or in a container.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? JournalSocket { get; set; }

    /// <summary>The syslog receiver: HOST or HOST:PORT, with udp://, tcp:// or tls:// before it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Syslog { get; set; }

    /// <summary>
    /// Sends by OTLP over HTTP to this address. /v1/logs is added to an address without a path. The value auto stands for the address in the OTEL_EXPORTER_OTLP_… variables,
    /// or http://localhost:4318.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(OtlpEndpointCompleter))]
    public string? OtlpEndpoint { get; set; }

    /// <summary>Headers for the OTLP receiver, such as tokens: a hashtable of names and values, which may be SecureStrings.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public IDictionary? OtlpHeader { get; set; }

    /// <summary>The OTLP encoding: Protobuf, the default, or Json.</summary>
    [Parameter]
    public OtlpProtocol OtlpProtocol { get; set; }

    /// <summary>The action for an event when the queue is full.</summary>
    [Parameter]
    public WhenFull WhenFull { get; set; } = WhenFull.DropOldest;

    /// <summary>The maximum number of events that wait for a receiver.</summary>
    [Parameter]
    [ValidateRange(1, 10_000_000)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int QueueSize { get; set; } = 10_000;

    /// <summary>Writes the events to the pipeline too.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        try
        {
            foreach (ILogTransport transport in Transports())
            {
                _queues.Add(new DeliveryQueue(transport, new DeliveryOptions { WhenFull = WhenFull, QueueSize = QueueSize }));
            }
        }
        catch (BeeException fault)
        {
            ThrowTerminatingError(ErrorRecords.From(fault, null));
        }

        if (_queues.Count == 0)
        {
            ThrowTerminatingError(ErrorRecords.From(new BeeInputException("NoReceiver", "No receiver was given.", "Give one with -Journal, -Syslog or -OtlpEndpoint."), null));
        }

        _losses = PipelineLosses.Listen(loss => _queues.ForEach(queue => queue.AddLoss(loss.Reason, loss.Tool, loss.Map, loss.Count)));
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (RemoteRecord.EventOf(InputObject) is not { } item)
        {
            string type = InputObject?.BaseObject.GetType().Name ?? "null";
            WriteError(new BeeInputException("NotAnEvent", $"An object of type {type} is not an event of Bee, so it cannot be sent.", "Send the output of Invoke-BeeProgram, Receive-BeeEvent or Get-BeeMapEntry. Commands such as Select-Object turn events into other objects."), InputObject);
            return;
        }

        EventOrigin origin = EventOrigins.Of(item);
        foreach (DeliveryQueue queue in _queues)
        {
            try
            {
                queue.Add(item, origin, Stop);
            }
            catch (OperationCanceledException)
            {
                throw new PipelineStoppedException();
            }

            WarnOfFault(queue);
        }

        if (PassThru)
        {
            WriteObject(InputObject);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach (DeliveryQueue queue in _queues)
        {
            queue.Finish(s_lastFlush, Stop);
        }

        Report(WriteNote, WriteWarning);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _losses?.Dispose();
        _queues.ForEach(queue => queue.Dispose());

        // After Ctrl+C and Select-Object -First, EndProcessing does not run and the streams are closed. The host's screen gets the report instead.
        Report(_ => { }, text => Host?.UI?.WriteWarningLine(TerminalText.ShowLines(text)));
        base.Dispose(disposing);
    }

    private IEnumerable<ILogTransport> Transports()
    {
        if (Journal || JournalSocket is not null)
        {
            yield return new JournalTransport(JournalSocket is null ? JournalTransport.DefaultSocket : FullPath(JournalSocket));
        }

        if (Syslog is not null)
        {
            yield return new SyslogTransport(SyslogAddress.Parse(Syslog));
        }

        var otlp = new OtlpArguments
        {
            Endpoint = OtlpEndpoint,
            Header = OtlpHeader,
            Protocol = MyInvocation.BoundParameters.ContainsKey(nameof(OtlpProtocol)) ? OtlpProtocol : null,
        };
        if (otlp.Resolve(this, OtlpSignal.Logs) is { } options)
        {
            yield return new OtlpLogTransport(options);
        }
    }

    private void WarnOfFault(DeliveryQueue queue)
    {
        if (queue.IsDown != _down.Contains(queue))
        {
            if (_down.Add(queue))
            {
                WriteWarning($"{queue.LastFault} Up to {QueueSize} events wait for {queue.Destination} while Bee retries.");
            }
            else
            {
                _down.Remove(queue);
                WriteNote($"{queue.Destination} accepts events again.");
            }
        }
    }

    private void Report(Action<string> note, Action<string> warn)
    {
        if (_hasReported)
        {
            return;
        }

        _hasReported = true;
        foreach (DeliveryQueue queue in _queues)
        {
            DeliveryCounts counts = queue.Counts;
            note($"{queue.Destination}: {Quantity.Of(counts.Written, "event")} queued, {counts.Delivered} delivered, {counts.Dropped} dropped from a full queue, {counts.Refused} rejected, {counts.Undelivered} undelivered.");
            if (counts.Dropped > 0)
            {
                warn($"{Quantity.Of(counts.Dropped, "event")} did not reach {queue.Destination}, because the queue was full. Enlarge it with -QueueSize, or wait for the receiver with -WhenFull Block.");
            }

            if (counts.Refused + counts.Undelivered > 0)
            {
                warn($"{Quantity.Of(counts.Refused + counts.Undelivered, "event")} did not reach {queue.Destination}: {queue.LastFault ?? "the final flush timed out."}");
            }
        }
    }
}

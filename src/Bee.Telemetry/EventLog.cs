using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;
using Bee.Telemetry.Delivery;
using Bee.Telemetry.Journal;
using Bee.Telemetry.Logs;
using Bee.Telemetry.Otlp;
using Bee.Telemetry.Syslog;

namespace Bee.Telemetry;

/// <summary>
/// Sends events as log records to the journal, to syslog or to an OTLP collector. A thread of the log sends the records in batches and retries while the receiver is down, with a growing pause. Up to
/// <see cref="DeliveryOptions.QueueSize"/> events wait for it. Missing events are counted, and a record in their place reports the loss. All members are safe from any thread.
/// </summary>
public sealed class EventLog : IDisposable
{
    private readonly DeliveryQueue _queue;

    private EventLog(ILogTransport transport, DeliveryOptions? options) => _queue = new DeliveryQueue(transport, options ?? new DeliveryOptions());

    /// <summary>Opens a log to the systemd journal of this machine.</summary>
    /// <param name="options">The queue and its batches; null for the defaults.</param>
    /// <exception cref="LogException">No journal listens on this machine (<c>Log.NoJournal</c>).</exception>
    /// <exception cref="ArgumentOutOfRangeException">The queue or the batch size is less than 1.</exception>
    public static EventLog ToJournal(DeliveryOptions? options = null) => new(new JournalTransport(), options);

    /// <summary>Opens a log to a syslog receiver (RFC 5424).</summary>
    /// <param name="address"><c>HOST</c> or <c>HOST:PORT</c>, optionally after <c>udp://</c>, <c>tcp://</c> or <c>tls://</c>. The default is UDP on port 514; TLS defaults to port 6514.</param>
    /// <param name="options">The queue and its batches; null for the defaults.</param>
    /// <exception cref="LogException">The address is not valid (<c>Log.InvalidAddress</c>).</exception>
    /// <exception cref="ArgumentOutOfRangeException">The queue or the batch size is less than 1.</exception>
    public static EventLog ToSyslog(string address, DeliveryOptions? options = null) => new(new SyslogTransport(SyslogAddress.Parse(address)), options);

    /// <summary>Opens a log to an OTLP collector, by OTLP/HTTP.</summary>
    /// <param name="otlp">The receiver, usually from <see cref="OtlpOptions.ForLogs"/>.</param>
    /// <param name="options">The queue and its batches; null for the defaults.</param>
    /// <exception cref="OtlpException">A certificate of <paramref name="otlp"/> cannot be used.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The queue or the batch size is less than 1.</exception>
    public static EventLog ToOtlp(OtlpOptions otlp, DeliveryOptions? options = null) => new(new OtlpLogTransport(otlp), options);

    /// <summary>The receiver, for messages. Contains no secret.</summary>
    public string Destination => _queue.Destination;

    /// <summary>Whether the receiver is down: the last <see cref="DeliveryOptions.Retries"/> attempts or more have failed.</summary>
    public bool IsDown => _queue.IsDown;

    /// <summary>Why the last failed attempt failed, as one sentence; null if none has failed.</summary>
    public string? LastFault => _queue.LastFault;

    /// <summary>The numbers of events that were written, delivered and lost so far.</summary>
    public DeliveryCounts Counts => _queue.Counts;

    /// <summary>Queues an event for sending. What happens when the queue is full is <see cref="DeliveryOptions.WhenFull"/>.</summary>
    /// <param name="item">The event, map entry or histogram.</param>
    /// <param name="tool">The name of the tool that the event comes from; null leaves it out of the record.</param>
    /// <param name="cancellationToken">Cancels the wait for room in a full queue.</param>
    /// <exception cref="OperationCanceledException">The wait was canceled. The event is not queued.</exception>
    /// <exception cref="InvalidOperationException">The log was completed or disposed.</exception>
    public void Write(BpfEvent item, string? tool = null, CancellationToken cancellationToken = default) =>
        _queue.Add(item, tool is null ? EventOrigin.Unknown : new EventOrigin(tool, MapMetadata.None), cancellationToken);

    /// <summary>Queues a record of events that were lost before they reached this log.</summary>
    /// <param name="count">The number of lost events, 1 or more.</param>
    /// <param name="map">The map that lost them; null if unknown.</param>
    /// <param name="tool">The name of the tool; null leaves it out of the record.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1.</exception>
    public void WriteLost(long count, string? map = null, string? tool = null) => _queue.AddLoss(LossReason.Kernel, tool, map, count);

    /// <summary>Sends the queued events and closes the log. A receiver that is down is tried once more.</summary>
    /// <param name="timeout">The longest time that this takes. Events that are left then count as undelivered.</param>
    /// <param name="cancellationToken">Cancels the wait, as if the timeout had passed.</param>
    /// <returns>The final counts.</returns>
    public DeliveryCounts Complete(TimeSpan timeout, CancellationToken cancellationToken = default) => _queue.Finish(timeout, cancellationToken);

    /// <summary>Sends the queued events for at most two seconds and closes the log.</summary>
    public void Dispose() => _queue.Dispose();
}

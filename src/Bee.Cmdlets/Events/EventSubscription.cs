using System.Management.Automation;
using System.Reflection;
using Bee.Cmdlets.Sessions;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Events;

/// <summary>The arguments of an event in PowerShell's event queue: one event of a tool that runs in the background.</summary>
public sealed class BeeEventArgs : EventArgs
{
    internal BeeEventArgs(BpfEvent item, long dropped)
    {
        Event = item;
        Dropped = dropped;
    }

    /// <summary>The event.</summary>
    public BpfEvent Event { get; }

    /// <summary>The number of events that the full queue dropped between the previous event and this one.</summary>
    public long Dropped { get; }
}

/// <summary>
/// A subscription to the events of one background session; the source object that <c>Get-EventSubscriber</c> returns. It copies events into PowerShell's event queue and does not take them from the
/// session's buffer. At most <see cref="QueueSize"/> events wait in PowerShell's queue; further events are dropped and counted.
/// </summary>
public sealed class BeeEventSubscription
{
    // The engine sets this event after the action has run. The property is internal, but no public member shows how many actions are pending.
    private static readonly PropertyInfo? s_processed = typeof(PSEventArgs).GetProperty("EventProcessed", BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);

    // How often an idle thread checks whether the session has ended, and how often a full queue is counted again.
    private static readonly TimeSpan s_pollInterval = TimeSpan.FromMilliseconds(500);
    private const int RecountInterval = 50;

    private readonly object _gate = new();
    private readonly PSEventManager _events;
    private readonly string _source;
    private readonly PSObject? _data;
    private readonly bool _hasAction;
    private readonly int _most;
    private readonly Queue<BeeEventArgs> _waiting = new();
    private readonly Queue<ManualResetEventSlim> _running = new();
    private IDisposable? _tap;
    private int _handed;
    private long _countedAt;
    private long _unreported;
    private bool _hasEnded;

    internal BeeEventSubscription(BpfProgramSession session, PSEventManager events, string source, PSObject? data, bool hasAction, int queueSize, int maxTriggerCount)
    {
        (Session, _events, _source, _data, _hasAction, QueueSize) = (session, events, source, data, hasAction, queueSize);
        _most = maxTriggerCount > 0 ? maxTriggerCount : int.MaxValue;
    }

    /// <summary>Whether this engine signals that an action has run. A bounded queue needs the signal.</summary>
    internal static bool IsSupported => s_processed is not null;

    /// <summary>The session.</summary>
    public BpfProgramSession Session { get; }

    /// <summary>The maximum number of waiting events.</summary>
    public int QueueSize { get; }

    /// <summary>The number of events that were added to PowerShell's queue.</summary>
    public long Given { get; private set; }

    /// <summary>The number of events that were dropped because the queue was full.</summary>
    public long Dropped { get; private set; }

    /// <summary>Whether the subscription still delivers events: the subscriber exists, and the session has not ended.</summary>
    public bool IsActive => !Volatile.Read(ref _hasEnded);

    /// <summary>PowerShell adds its handler here, and removes it when the subscriber is unregistered or its runspace closes.</summary>
    public event EventHandler<BeeEventArgs> Received
    {
        add
        {
            // The engine registers the subscriber after this call, and drops earlier events. So the cmdlet calls Start after the registration.
        }
        remove => End();
    }

    /// <inheritdoc/>
    public override string ToString() => Session.Name;

    /// <summary>Starts delivering events.</summary>
    internal void Start()
    {
        _tap = Session.Buffer.Tap(Add, most: 0);
        new Thread(Run) { IsBackground = true, Name = $"bee events {Session.Name}" }.Start();
    }

    private void End()
    {
        _tap?.Dispose();
        lock (_gate)
        {
            _hasEnded = true;
            _waiting.Clear();
            Monitor.PulseAll(_gate);
        }
    }

    // Runs on the session's reader thread, which must not block.
    private void Add(BpfEvent item)
    {
        lock (_gate)
        {
            if (_hasEnded)
            {
                return;
            }

            // Counting the events that wait for Get-Event is slow, so the delivering thread checks that limit.
            if (_waiting.Count + (_hasAction ? CountRunning() : 0) >= QueueSize)
            {
                Dropped++;
                _unreported++;
                return;
            }

            _waiting.Enqueue(new BeeEventArgs(item, _unreported));
            _unreported = 0;
            if (_waiting.Count == 1)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    // An idle engine runs the action on the thread that raises the event. So the subscription has its own thread, which raises the events one by one, in order.
    private void Run()
    {
        try
        {
            for (int i = 0; i < _most && TakeWithRoom() is { } next; i++)
            {
                PSEventArgs handed = _events.GenerateEvent(_source, Session, [Session, next], _data, processInCurrentThread: true, waitForCompletionInCurrentThread: false);
                lock (_gate)
                {
                    Given++;
                    _handed++;
                    if (s_processed?.GetValue(handed) is ManualResetEventSlim processed)
                    {
                        _running.Enqueue(processed);
                    }
                }
            }
        }
        catch (Exception)
        {
            // Most likely the runspace was closed. An unhandled exception on a thread would end the process.
        }

        End();
    }

    // Returns the next event for which PowerShell's queue has room; null at the end. Drops the events before it.
    private BeeEventArgs? TakeWithRoom()
    {
        long unreported = 0;
        while (Take() is { } next)
        {
            if (_hasAction || _handed < QueueSize || CountReceived() < QueueSize)
            {
                return unreported == 0 ? next : new BeeEventArgs(next.Event, next.Dropped + unreported);
            }

            unreported += next.Dropped + 1;
            lock (_gate)
            {
                Dropped++;
            }
        }

        return null;
    }

    // The reader thread takes the buffer's lock before this one, so this method must not take them in the opposite order.
    private BeeEventArgs? Take()
    {
        while (true)
        {
            bool isOver = Session.Buffer.IsEnded;
            lock (_gate)
            {
                if (_hasEnded || _waiting.TryDequeue(out BeeEventArgs? next) is false && isOver)
                {
                    return null;
                }

                if (next is not null)
                {
                    return next;
                }

                Monitor.Wait(_gate, s_pollInterval);
            }
        }
    }

    // Counts the events whose action is pending in PowerShell's queue. The caller holds the gate.
    private int CountRunning()
    {
        while (_running.TryPeek(out ManualResetEventSlim? first) && first.IsSet)
        {
            _running.Dequeue();
        }

        return _running.Count;
    }

    // Counts the events that Get-Event would return, which enumerates all of them. Runs on the subscription's thread.
    private int CountReceived()
    {
        if (Environment.TickCount64 - _countedAt >= RecountInterval)
        {
            lock (_events.ReceivedEvents.SyncRoot)
            {
                _handed = 0;
                foreach (PSEventArgs received in _events.ReceivedEvents)
                {
                    _handed += ReferenceEquals(received.Sender, Session) && received.SourceIdentifier == _source ? 1 : 0;
                }
            }

            _countedAt = Environment.TickCount64;
        }

        return _handed;
    }
}

using System.Management.Automation;
using System.Reflection;
using Bee.Cmdlets.Sessions;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Events;

/// <summary>An event of a background program, as PowerShell's event queue has it.</summary>
public sealed class BeeEventArgs : EventArgs
{
    internal BeeEventArgs(BpfEvent item, long dropped)
    {
        Event = item;
        Dropped = dropped;
    }

    /// <summary>The event.</summary>
    public BpfEvent Event { get; }

    /// <summary>How many events before this one the queue dropped because it was full, since the last one that it took.</summary>
    public long Dropped { get; }
}

/// <summary>
/// A subscription to the events of one background program: what <c>Get-EventSubscriber</c> has as the source object. It shows events to PowerShell's event queue, and takes none out of the program's
/// buffer. At most <see cref="QueueSize"/> events wait in PowerShell's queue; more are dropped and counted.
/// </summary>
public sealed class BeeEventSubscription
{
    // The engine sets this event when the action has run. The property is internal, but nothing public shows how many actions wait.
    private static readonly PropertyInfo? s_processed = typeof(PSEventArgs).GetProperty("EventProcessed", BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);

    // How often an idle thread looks whether the program has ended, and how often a full queue is counted anew.
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);
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
    private long _untold;
    private bool _hasEnded;

    internal BeeEventSubscription(BpfProgramSession session, PSEventManager events, string source, PSObject? data, bool hasAction, int queueSize, int maxTriggerCount)
    {
        (Session, _events, _source, _data, _hasAction, QueueSize) = (session, events, source, data, hasAction, queueSize);
        _most = maxTriggerCount > 0 ? maxTriggerCount : int.MaxValue;
    }

    /// <summary>Whether this engine says when an action has run, which a bounded queue needs.</summary>
    internal static bool IsSupported => s_processed is not null;

    /// <summary>The program.</summary>
    public BpfProgramSession Session { get; }

    /// <summary>How many events wait at most.</summary>
    public int QueueSize { get; }

    /// <summary>How many events PowerShell's queue was given.</summary>
    public long Given { get; private set; }

    /// <summary>How many events were dropped because the queue was full.</summary>
    public long Dropped { get; private set; }

    /// <summary>Whether events are still shown: the subscriber exists, and the program has not ended.</summary>
    public bool IsActive => !Volatile.Read(ref _hasEnded);

    /// <summary>PowerShell adds its handler here, and removes it when the subscriber is unregistered or its runspace closes.</summary>
    public event EventHandler<BeeEventArgs> Received
    {
        add
        {
            // The engine registers the subscriber after this call, and drops events that come earlier. The cmdlet calls Start when it is registered.
        }
        remove => End();
    }

    /// <inheritdoc/>
    public override string ToString() => Session.Name;

    /// <summary>Begins to show events.</summary>
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

    // On the thread that reads the program, which must not wait.
    private void Add(BpfEvent item)
    {
        lock (_gate)
        {
            if (_hasEnded)
            {
                return;
            }

            // Whether PowerShell's queue has room for those that wait for Get-Event takes long to count, and is found out where they are handed over.
            if (_waiting.Count + (_hasAction ? CountRunning() : 0) >= QueueSize)
            {
                Dropped++;
                _untold++;
                return;
            }

            _waiting.Enqueue(new BeeEventArgs(item, _untold));
            _untold = 0;
            if (_waiting.Count == 1)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    // An idle engine runs the action on the thread that hands it an event, so that is a thread of the subscription's own. It hands them over one by one, in order.
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
            // The runspace has closed, most likely. An exception that leaves a thread ends the process.
        }

        End();
    }

    // The next event for which PowerShell's queue has room; null at the end. Those before it are dropped.
    private BeeEventArgs? TakeWithRoom()
    {
        long untold = 0;
        while (Take() is { } next)
        {
            if (_hasAction || _handed < QueueSize || CountReceived() < QueueSize)
            {
                return untold == 0 ? next : new BeeEventArgs(next.Event, next.Dropped + untold);
            }

            untold += next.Dropped + 1;
            lock (_gate)
            {
                Dropped++;
            }
        }

        return null;
    }

    // The buffer's lock is taken before this one, by the thread that reads; so never the other way round.
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

                Monitor.Wait(_gate, s_look);
            }
        }
    }

    // How many events wait in PowerShell's queue for their action. With the gate held.
    private int CountRunning()
    {
        while (_running.TryPeek(out ManualResetEventSlim? first) && first.IsSet)
        {
            _running.Dequeue();
        }

        return _running.Count;
    }

    // How many events Get-Event gives. To count them means to go through all of them. On the subscription's thread.
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

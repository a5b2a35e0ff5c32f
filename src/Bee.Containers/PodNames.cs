using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Bee.Containers.Kubernetes;
using Bee.Ebpf.Records;

namespace Bee.Containers;

/// <summary>Adds the owners and labels of pods to names of containers. It asks the Kubernetes API on a thread of its own: until that has answered, a lookup returns the names without them. Thread-safe.</summary>
internal sealed class PodNames : IContainerResolver, IDisposable
{
    /// <summary>What to do about a fault.</summary>
    public const string Remedy = "Owners and labels of pods are missing meanwhile. Check the server, and let the account 'get' pods, replicasets and jobs.";

    // The API's answer that a pod does not exist is remembered for half a minute.
    private const int RetryMilliseconds = 31_000;

    private readonly IContainerResolver _containers;
    private readonly KubernetesPods _pods;
    private readonly Action<string> _fault;
    // A container keeps its names until they change. They go with the container.
    private readonly ConditionalWeakTable<ContainerNames, Entry> _entries = [];
    private readonly BlockingCollection<Entry> _questions = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly Thread _thread;
    private Action? _release;
    private bool _hasFault;

    /// <param name="containers">Finds the names.</param>
    /// <param name="pods">The API, which this object then owns.</param>
    /// <param name="fault">Receives why the API does not answer, once, on the thread.</param>
    public PodNames(IContainerResolver containers, KubernetesPods pods, Action<string> fault)
    {
        (_containers, _pods, _fault) = (containers, pods, fault);
        _thread = new Thread(Run) { IsBackground = true, Name = "Bee pods" };
        _thread.Start();
    }

    /// <summary>Asks for the pods of a directory as they come, so that most are known before their first events.</summary>
    /// <inheritdoc cref="PodNames(IContainerResolver, KubernetesPods, Action{string})"/>
    public static PodNames Follow(ContainerDirectory containers, KubernetesPods pods, Action<string> fault)
    {
        var names = new PodNames(containers, pods, fault);
        void OnChanged(ContainerChange change) => names.Add(change.HasEnded ? null : change.Container.Names);
        containers.Changed += OnChanged;
        names._release = () => containers.Changed -= OnChanged;
        foreach (var running in containers.Running)
        {
            names.Add(running.Names);
        }

        return names;
    }

    /// <inheritdoc/>
    public ContainerNames? Find(in ContainerKey key) => Add(_containers.Find(key));

    /// <summary>Ends the thread. Lookups of other threads go on with what is known.</summary>
    public void Dispose()
    {
        _release?.Invoke();
        _ended.Cancel();
        _thread.Join();
        _pods.Dispose();
    }

    private ContainerNames? Add(ContainerNames? names)
    {
        // Users choose the names in runtimes of their own.
        if (names is not { UserId: 0, Pod: not null, Namespace: not null })
        {
            return names;
        }

        var entry = _entries.GetValue(names, static names => new Entry(names));
        if (entry.IsDue())
        {
            _questions.Add(entry);
        }

        return entry.Names;
    }

    private void Run()
    {
        try
        {
            foreach (var entry in _questions.GetConsumingEnumerable(_ended.Token))
            {
                Ask(entry);
            }
        }
        catch (OperationCanceledException)
        {
            // The session ends.
        }
    }

    private void Ask(Entry entry)
    {
        var names = entry.Names;
        if (_pods.Find(names.Namespace!, names.Pod!, _ended.Token) is { } pod)
        {
            entry.Names = names with { Owner = pod.Owner, Labels = pod.Labels };
        }
        else
        {
            entry.AskAgain();
        }

        if (_pods.Fault is { } fault && !_hasFault && !_ended.IsCancellationRequested)
        {
            _hasFault = true;
            _fault(fault);
        }
    }

    private sealed class Entry(ContainerNames names)
    {
        private volatile ContainerNames _names = names;
        // The time of the next question; never while one waits, and after an answer.
        private long _due;

        public ContainerNames Names
        {
            get => _names;
            set => _names = value;
        }

        public bool IsDue() => Volatile.Read(ref _due) is not long.MaxValue and var due && Environment.TickCount64 >= due && Interlocked.CompareExchange(ref _due, long.MaxValue, due) == due;

        public void AskAgain() => Volatile.Write(ref _due, Environment.TickCount64 + RetryMilliseconds);
    }
}

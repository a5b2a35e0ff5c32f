using System.Collections.Concurrent;
using Bee.Containers.Cgroups;
using Bee.Containers.Recording;
using Bee.Containers.Runtimes;
using Bee.Ebpf.Records;

namespace Bee.Containers;

/// <summary>
/// Knows the containers of this host: it follows cgroups as they come and go, and asks runtimes for names on a thread of its own. Thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// A container gets its id from the path of its cgroup, and its names from a runtime of the user who owns that part of the hierarchy. In nested paths the outermost container counts. So a
/// container cannot take the name of another: what it creates itself lies below its own cgroup.
/// </para>
/// <para>
/// Bee's recorder, a BPF object, notes the cgroup of each process and mount namespace in memory that it shares with this process. A record of a process that has exited therefore still finds
/// its container. Where the kernel does not load the recorder, the directory follows the cgroup file system and reads <c>/proc</c>, which misses processes that have exited.
/// </para>
/// <para>
/// The kernel takes longer to load the recorder than this process to read the containers that run, so another thread loads it. <see cref="WaitForRecorder"/> waits for it. Lookups before that
/// read <c>/proc</c>, and do not find mount namespaces.
/// </para>
/// </remarks>
internal sealed class ContainerDirectory : IContainerResolver, IDisposable
{
    // Processes that are not recorded are read from /proc, and read again after this time, since the kernel reuses process ids.
    private const int ProcessLifetime = 1000, MostProcesses = 8192;

    // Without a recorder, new mount namespaces are looked for this long after a cgroup was created.
    private static readonly int[] s_scans = [20, 200, 1000];

    // The time after which the runtimes are asked again, because a container may have been renamed.
    private const int ProcessCheckInterval = 5000, RefreshInterval = 60_000;

    // The time that opening waits for the lists of the runtimes.
    private static readonly TimeSpan s_mostWait = TimeSpan.FromSeconds(2);

    // The inode number of the initial pid namespace, on all kernels (include/linux/proc_ns.h).
    private const string InitialProcesses = "pid:[4026531836]";

    private readonly CgroupTree _tree;
    private readonly IRecorder _recorder;
    private readonly ContainerIndex _index;
    private readonly NameQueues _requests;
    private readonly ConcurrentDictionary<int, (KnownContainer? Container, long Until)> _processes = new();
    // Mount namespaces that a scan looks for, with the times of their first records. Only used without a recorder.
    private readonly ConcurrentDictionary<ulong, long> _missed = new();
    private readonly bool _readsProcesses = new FileInfo("/proc/self/ns/pid").LinkTarget is null or InitialProcesses;
    private readonly ManualResetEventSlim _isRecording = new();
    private readonly Thread _thread;
    private long _nextScan = long.MaxValue, _nextRefresh = Environment.TickCount64 + RefreshInterval, _nextCheck, _lastScan;
    private int _scans, _countAtScan;
    private int _isDisposed;
    private volatile bool _ended;

    /// <summary>Starts to follow the containers, and reads those that run.</summary>
    /// <param name="runtimes">The runtimes, files before sockets.</param>
    /// <param name="tree">The cgroup hierarchies, which this object then owns.</param>
    /// <param name="recorder">The recorder, which this object then owns.</param>
    /// <param name="parse">Finds the container of a cgroup path (<see cref="ContainerPath.Parse"/>).</param>
    internal ContainerDirectory(IReadOnlyList<IContainerRuntime> runtimes, CgroupTree tree, IRecorder recorder, Func<string, ContainerPath?> parse)
    {
        (_tree, _recorder) = (tree, recorder);
        List<NameRequests.Request>? waiting = [];
        var waitingGate = new object();
        NameQueues? requests = null;
        _index = new ContainerIndex(recorder, tree, parse, request => NameRequests.Probe(runtimes, request), request =>
        {
            lock (waitingGate)
            {
                if (waiting is null)
                {
                    requests!.Add(request);
                }
                else
                {
                    waiting.Add(request);
                }
            }
        });
        _requests = requests = new NameQueues(runtimes, _index.Apply);
        // The thread pool has too few threads for runtimes that do not answer.
        var lists = runtimes.Select(runtime => Task.Factory.StartNew(() => runtime.List(CancellationToken.None), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        var isOpen = recorder.Opened.IsCompletedSuccessfully;
        List();
        var limit = Task.Delay(s_mostWait);
        foreach (var list in lists)
        {
            // In the order of the runtimes, so that the result is always the same. Late answers are applied when they come.
            Task.WaitAny(list, limit);
            list.ContinueWith(ApplyList, CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        lock (waitingGate)
        {
            // Requests for cgroups that may not be containers' are dropped: those cgroups existed before, and the lists name the containers among them.
            waiting.Where(request => request.Container is { IsNamed: false }).ToList().ForEach(requests.Add);
            waiting = null;
        }

        _index.TakeChanges();
        SetRecording(isOpen);
        _thread = new Thread(Run) { IsBackground = true, Name = "Bee containers" };
        _thread.Start();
    }

    /// <summary>Raised on the directory's thread when a container starts, gets its names, changes its cgroups or mount namespaces, or ends.</summary>
    public event Action<ContainerChange>? Changed;

    /// <summary>The containers that run now.</summary>
    public IReadOnlyList<RunningContainer> Running => _index.Running;

    /// <summary>The cgroups, for tests.</summary>
    internal ContainerIndex Index => _index;

    /// <summary>
    /// The reason why processes are not recorded as they start, as a sentence; null if they are, and before <see cref="WaitForRecorder"/> has returned. Containers that live only briefly may then
    /// stay without names.
    /// </summary>
    public string? Note => _recorder.Note;

    /// <summary>Opens the directory, reads the containers that run, and begins to load the recorder.</summary>
    /// <param name="runtimes">The runtimes of the host, files before sockets.</param>
    /// <returns>The directory; null if there is no runtime.</returns>
    public static ContainerDirectory? Open(IReadOnlyList<IContainerRuntime> runtimes)
    {
        if (runtimes.Count == 0)
        {
            return null;
        }

        var tree = CgroupTree.Open();
        return new ContainerDirectory(runtimes, tree, new LateRecorder(tree, Recorders.Open), ContainerPath.Parse);
    }

    /// <summary>Waits until processes and mount namespaces are recorded, and those that started before are known.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public void WaitForRecorder(CancellationToken cancellationToken = default)
    {
        _recorder.Opened.WaitAsync(cancellationToken).GetAwaiter().GetResult();
        _isRecording.Wait(cancellationToken);
    }

    /// <inheritdoc/>
    public ContainerNames? Find(in ContainerKey key)
    {
        if (key.CgroupId != 0)
        {
            if (_index.OfCgroup(key.CgroupId) is { } container)
            {
                return container.Names;
            }

            // With cgroup v1, a container may not have a cgroup of its own in the unified hierarchy.
            if (_tree.Controller is null && !_index.HasContainersWithoutCgroup)
            {
                return null;
            }
        }

        if (key.MountNamespaceId != 0)
        {
            // The number of a namespace that has gone is reused at once, that of a process much later.
            if (key.ProcessId > 0 && _recorder.TryFindProcess(key.ProcessId, out var cgroup) && _index.OfCgroup(cgroup) is { } running)
            {
                return running.Names;
            }

            if (_index.OfMountNamespace(key.MountNamespaceId) is { } container)
            {
                return container.Names;
            }

            if (!_recorder.RecordsProcesses && _missed.TryAdd(key.MountNamespaceId, Environment.TickCount64))
            {
                // The thread looks for it. Until then, the record has no names.
                _recorder.Wake();
            }
        }

        return key.ProcessId > 0 ? OfProcess(key.ProcessId)?.Names : null;
    }

    /// <summary>Unloads the recorder, and ends the threads. Lookups of other threads go on with what is known.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        _ended = true;
        _recorder.Wake();
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }

        _requests.Dispose();
        _recorder.Dispose();
        _isRecording.Set();
        _tree.Dispose();
    }

    private KnownContainer? OfProcess(int processId)
    {
        if (_recorder.TryFindProcess(processId, out var cgroup))
        {
            return _index.OfCgroup(cgroup);
        }

        var now = Environment.TickCount64;
        if (_processes.TryGetValue(processId, out var known) && now < known.Until)
        {
            return known.Container;
        }

        // In another pid namespace, /proc shows other processes under these ids.
        var container = _readsProcesses && ProcessTable.CgroupOf(_tree, processId) is { } key ? _index.OfCgroup(key) : null;
        if (_processes.Count >= MostProcesses)
        {
            _processes.Clear();
        }

        _processes[processId] = (container, now + ProcessLifetime);
        return container;
    }

    private void ApplyList(Task<IReadOnlyList<ContainerRecord>> list)
    {
        foreach (var record in list.Result)
        {
            _index.Apply(record);
        }
    }

    private void List()
    {
        var started = Environment.TickCount64;
        _index.Apply(_recorder.List(), started);
        _countAtScan = _index.Count;
    }

    private void Run()
    {
        while (!_ended)
        {
            _recorder.Wait(Pause());
            if (_ended)
            {
                return;
            }

            var isOpen = _recorder.Opened.IsCompletedSuccessfully;
            _index.Update();
            if (_index.IsIncomplete)
            {
                List();
            }

            SetRecording(isOpen);
            Scan();
            foreach (var change in _index.TakeChanges())
            {
                Changed?.Invoke(change);
            }
        }
    }

    // Called after a listing, or after an update that did not demand one.
    private void SetRecording(bool wasOpenBefore)
    {
        if (wasOpenBefore && !_index.IsIncomplete)
        {
            _isRecording.Set();
        }
    }

    private int Pause()
    {
        var next = Math.Min(_nextRefresh, _index.HasContainersWithoutCgroup ? Math.Min(_nextScan, _nextCheck) : _nextScan);
        return (int)Math.Clamp(next - Environment.TickCount64, 0, int.MaxValue);
    }

    private void Scan()
    {
        var now = Environment.TickCount64;
        if (!_recorder.RecordsProcesses && _index.Count != _countAtScan)
        {
            (_countAtScan, _scans) = (_index.Count, 0);
            _nextScan = now + s_scans[0];
        }

        if (now >= _nextScan || _missed.Any(miss => miss.Value > _lastScan))
        {
            _nextScan = now < _nextScan ? _nextScan : ++_scans < s_scans.Length ? now + s_scans[_scans] : long.MaxValue;
            foreach (var (inode, cgroup) in ProcessTable.MountNamespaces(_tree))
            {
                _index.Apply(inode, cgroup);
            }

            _lastScan = now;
            // After this time, a record from the namespace starts another scan.
            foreach (var miss in _missed.Where(miss => now - miss.Value > ProcessLifetime))
            {
                _missed.TryRemove(miss);
            }
        }

        if (now >= _nextRefresh)
        {
            _nextRefresh = now + RefreshInterval;
            _index.Refresh(RefreshInterval);
        }

        if (now >= _nextCheck)
        {
            _nextCheck = now + ProcessCheckInterval;
            if (_index.HasContainersWithoutCgroup)
            {
                _index.CheckProcesses();
            }
        }
    }
}

/// <summary>A container that runs, with its ids in the kernel.</summary>
/// <param name="Names">The names.</param>
/// <param name="CgroupIds">The ids of its cgroups (v2): its own and those below it; empty on cgroup v1.</param>
/// <param name="MountNamespaceIds">The inode numbers of the mount namespaces of its processes, as far as they are known.</param>
internal sealed record RunningContainer(ContainerNames Names, IReadOnlyList<ulong> CgroupIds, IReadOnlyList<ulong> MountNamespaceIds)
{
    /// <summary>Whether the container has used more mount namespaces than <see cref="MountNamespaceIds"/> can have: the first one and the latest ones.</summary>
    public bool HasMoreMountNamespaces { get; init; }
}

/// <summary>A change of a container.</summary>
/// <param name="Container">The container after the change.</param>
/// <param name="HasEnded">Whether it has ended; its ids are then those it had.</param>
internal readonly record struct ContainerChange(RunningContainer Container, bool HasEnded);

using Bee.Containers.Cgroups;

namespace Bee.Containers.Recording;

/// <summary>
/// A recorder that another thread opens, because the kernel takes a while to load Bee's. Until it is open, processes and mount namespaces are not recorded. The first <see cref="Drain"/>
/// afterwards demands a listing, which has what was created before.
/// </summary>
internal sealed class LateRecorder : IRecorder
{
    private readonly CgroupTree _tree;
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // As soon as the recorder is open, its own wait is used.
    private readonly SemaphoreSlim _wake = new(0);
    private volatile IRecorder? _recorder;
    private bool _wasDrained;

    /// <param name="tree">The cgroup hierarchies.</param>
    /// <param name="open">Opens the recorder, and returns why it does not record processes, as a sentence; null if it does.</param>
    public LateRecorder(CgroupTree tree, Func<CgroupTree, (IRecorder Recorder, string? Note)> open)
    {
        _tree = tree;
        Task.Run(() => Open(open));
    }

    /// <inheritdoc/>
    public Task Opened => _opened.Task;

    /// <inheritdoc/>
    public string? Note { get; private set; }

    /// <inheritdoc/>
    public bool RecordsProcesses => _recorder?.RecordsProcesses ?? true;

    /// <inheritdoc/>
    public bool TryFindProcess(int processId, out ulong cgroup)
    {
        cgroup = 0;
        return _recorder is { } recorder && recorder.TryFindProcess(processId, out cgroup);
    }

    /// <inheritdoc/>
    public bool TryFindMountNamespace(ulong inode, out RecordedNamespace recorded)
    {
        recorded = default;
        return _recorder is { } recorder && recorder.TryFindMountNamespace(inode, out recorded);
    }

    /// <inheritdoc/>
    public bool Drain(IRecorderSink sink)
    {
        if (_recorder is not { } recorder)
        {
            return true;
        }

        var isFirst = !_wasDrained;
        _wasDrained = true;
        return recorder.Drain(sink) && !isFirst;
    }

    /// <inheritdoc/>
    public RecorderListing List() => _recorder?.List() ?? new RecorderListing([.. _tree.Hierarchies.SelectMany(hierarchy => hierarchy.Walk())], []);

    /// <inheritdoc/>
    public void Wait(int milliseconds)
    {
        if (_recorder is { } recorder)
        {
            recorder.Wait(milliseconds);
        }
        else
        {
            _wake.Wait(milliseconds);
        }
    }

    /// <inheritdoc/>
    public void Wake()
    {
        if (_recorder is null)
        {
            _wake.Release();
        }

        // Opened meanwhile, perhaps.
        _recorder?.Wake();
    }

    /// <summary>Closes the recorder. If it is not open yet, another thread closes it as soon as it is.</summary>
    public void Dispose() => Opened.ContinueWith(_ => _recorder?.Dispose(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private void Open(Func<CgroupTree, (IRecorder Recorder, string? Note)> open)
    {
        try
        {
            (var recorder, Note) = open(_tree);
            _recorder = recorder;
            _opened.SetResult();
            _wake.Release();
            recorder.Wake();
        }
        catch (Exception e)
        {
            _opened.TrySetException(e);
        }
    }
}

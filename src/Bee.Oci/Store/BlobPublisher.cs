using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Store;

/// <summary>
/// Brings written blobs to the disk and gives them their final names, on a thread of its own: a disk that is slow holds up neither the network nor
/// the pool's few threads. What came while it was at work is taken together, and then costs the file system little more than one.
/// </summary>
internal sealed class BlobPublisher : IDisposable
{
    private readonly StoreLayout _layout;
    private readonly string _path;
    private readonly CancellationToken _cancellationToken;
    private readonly Queue<(TemporaryFile File, ContentDigest Digest)> _waiting = new();
    private readonly Thread _thread;
    private int _unfinished;
    private Exception? _failure;
    private TaskCompletionSource? _flushed;
    private bool _isEnding;

    /// <summary>Makes one.</summary>
    /// <param name="layout">The store, completed.</param>
    /// <param name="path">Its directory, for messages.</param>
    /// <param name="cancellationToken">Ends the work; what has no final name by then gets none.</param>
    public BlobPublisher(StoreLayout layout, string path, CancellationToken cancellationToken)
    {
        (_layout, _path, _cancellationToken) = (layout, path, cancellationToken);
        _thread = new Thread(Work) { IsBackground = true, Name = "Bee: blobs to disk" };
        _thread.Start();
    }

    /// <summary>Takes over a file that is whole and right.</summary>
    public void Add(TemporaryFile file, ContentDigest digest)
    {
        lock (_waiting)
        {
            _unfinished++;
            _waiting.Enqueue((file, digest));
            Monitor.Pulse(_waiting);
        }
    }

    /// <summary>Ends when all that was added has its final name.</summary>
    /// <exception cref="StoreException">The disk refuses, or the lock is not to be had.</exception>
    public Task FlushAsync()
    {
        lock (_waiting)
        {
            return _failure is not null ? Task.FromException(_failure)
                : _unfinished == 0 ? Task.CompletedTask
                : (_flushed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Ends when all that was added is done, also where what it belongs to has failed: then the next try finds it.</summary>
    public void Dispose()
    {
        lock (_waiting)
        {
            _isEnding = true;
            Monitor.Pulse(_waiting);
        }

        _thread.Join();
    }

    private void Work()
    {
        while (Take() is { Count: > 0 } files)
        {
            Exception? failure = null;
            try
            {
                _cancellationToken.ThrowIfCancellationRequested();
                Fault.Wrap(_path, () => Publish(files));
            }
            catch (Exception e) when (e is StoreException or OperationCanceledException)
            {
                failure = e;
            }

            files.ForEach(f => f.File.Dispose());
            Finish(files.Count, failure);
        }
    }

    private List<(TemporaryFile File, ContentDigest Digest)> Take()
    {
        lock (_waiting)
        {
            while (_waiting.Count == 0 && !_isEnding)
            {
                Monitor.Wait(_waiting);
            }

            List<(TemporaryFile File, ContentDigest Digest)> files = [.. _waiting];
            _waiting.Clear();
            return files;
        }
    }

    private void Publish(List<(TemporaryFile File, ContentDigest Digest)> files)
    {
        foreach ((TemporaryFile file, _) in files)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            file.Synchronize();
        }

        using FileLock held = _layout.Lock(_cancellationToken);
        foreach ((TemporaryFile file, ContentDigest digest) in files)
        {
            _layout.Publish(file, digest);
        }
    }

    private void Finish(int count, Exception? failure)
    {
        lock (_waiting)
        {
            _unfinished -= count;
            _failure ??= failure;
            if (_failure is not null)
            {
                _flushed?.TrySetException(_failure);
            }
            else if (_unfinished == 0)
            {
                _flushed?.TrySetResult();
                _flushed = null;
            }
        }
    }
}

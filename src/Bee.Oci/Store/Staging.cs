using System.Buffers;
using System.Security.Cryptography;
using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Store;

/// <summary>
/// Brings blobs of any size into a store: each is hashed while it is written under a temporary name, brought to the disk, and gets its final name,
/// under the lock, when it is whole. So whoever is killed on the way finds the whole ones again. Blobs without a name in the index are anybody's to
/// delete: whoever names them looks, under the lock, whether they are still there. Several threads may add at once.
/// </summary>
internal sealed class Staging : IDisposable
{
    private const int BufferBytes = 256 << 10;

    private readonly string _path;
    private readonly StoreLayout _layout;
    private readonly BlobPublisher _publisher;

    private Staging(string path, StoreLayout layout, CancellationToken cancellationToken)
    {
        (_path, _layout) = (path, layout);
        _publisher = new BlobPublisher(layout, path, cancellationToken);
    }

    /// <summary>Prepares a store, which is made where there is none.</summary>
    /// <param name="path">The store's directory.</param>
    /// <param name="cancellationToken">Ends all that is done here.</param>
    public static Staging Open(string path, CancellationToken cancellationToken) => Fault.Wrap(path, () =>
    {
        var layout = StoreLayout.Open(path);
        try
        {
            using FileLock held = layout.Lock(cancellationToken);
            layout.Complete();
            return new Staging(path, layout, cancellationToken);
        }
        catch
        {
            layout.Dispose();
            throw;
        }
    });

    /// <summary>Whether a blob is there, whole and right. Reads it.</summary>
    public bool Has(Descriptor descriptor)
    {
        using var files = LayoutFiles.Open(_path, null);
        return files?.IsWhole(descriptor) == true;
    }

    /// <summary>Refuses blobs for which the disk has no room.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Io"/>.</exception>
    public void RequireRoom(IEnumerable<Descriptor> blobs) => Fault.Wrap(_path, () =>
    {
        using LayoutFiles files = LayoutFiles.Open(_path, null) ?? throw new StoreException(StoreFault.Io, $"The image store '{_path}' was removed.");

        // Sizes come from a manifest, so they may be absurd, and their sum no number.
        decimal needed = blobs.Where(b => !files.HasBlob(b.RequiredDigest)).Sum(b => (decimal)b.Size);
        long free = new DriveInfo(_path).AvailableFreeSpace;
        if (needed > free)
        {
            throw new StoreException(StoreFault.Io, $"The image needs {needed:N0} bytes more in '{_path}', and the disk has room for {free:N0}. Make room, or name another store.");
        }
    });

    /// <summary>Writes a blob. It is in the store when <see cref="FlushAsync"/> has ended.</summary>
    /// <param name="descriptor">Its digest and length.</param>
    /// <param name="content">Is read to its end, and not further than the length.</param>
    /// <param name="moved">Is told how many bytes came, each time that some did.</param>
    /// <param name="cancellationToken">Ends it; the blob is not there then.</param>
    /// <exception cref="StoreException">The content is not the descriptor's, or the disk refuses.</exception>
    public async Task AddAsync(Descriptor descriptor, Stream content, Action<long>? moved, CancellationToken cancellationToken)
    {
        Digest digest = descriptor.RequiredDigest;

        // What is hashed where it is read need not be hashed twice.
        using IncrementalHash? hash = content is IDigestChecked known && known.Digest == descriptor.Digest ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        TemporaryFile file = Fault.Wrap(_path, () => _layout.CreateFile());
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long length = 0;
            int read;
            while ((read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                length += read;
                if (length > descriptor.Size)
                {
                    break;
                }

                hash?.AppendData(buffer, 0, read);
                Fault.Wrap(_path, () => file.Append(buffer.AsSpan(0, read)));
                moved?.Invoke(read);
            }

            if (length != descriptor.Size)
            {
                throw new StoreException(
                    StoreFault.DigestMismatch, $"What came for the blob {digest} has {(length > descriptor.Size ? "more" : $"{length}")} bytes, not the {descriptor.Size} of its descriptor.");
            }

            if (hash is not null && Digest.OfHash(hash.GetHashAndReset()) != digest)
            {
                throw new StoreException(StoreFault.DigestMismatch, $"What came for the blob {digest} has another digest.");
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _publisher.Add(file, digest);
    }

    /// <summary>Ends when all that was added is on the disk under its final name.</summary>
    /// <exception cref="StoreException">The disk refuses, or the lock is not to be had.</exception>
    public Task FlushAsync() => _publisher.FlushAsync();

    /// <inheritdoc/>
    public void Dispose()
    {
        _publisher.Dispose();
        _layout.Dispose();
    }
}

/// <summary>
/// Brings written blobs to the disk and gives them their final names, on a thread of its own: a disk that is slow holds up neither the network nor
/// the pool's few threads. What came while it was at work is taken together, and then costs the file system little more than one.
/// </summary>
internal sealed class BlobPublisher : IDisposable
{
    private readonly StoreLayout _layout;
    private readonly string _path;
    private readonly CancellationToken _cancellationToken;
    private readonly Queue<(TemporaryFile File, Digest Digest)> _waiting = new();
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
    public void Add(TemporaryFile file, Digest digest)
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

    private List<(TemporaryFile File, Digest Digest)> Take()
    {
        lock (_waiting)
        {
            while (_waiting.Count == 0 && !_isEnding)
            {
                Monitor.Wait(_waiting);
            }

            List<(TemporaryFile File, Digest Digest)> files = [.. _waiting];
            _waiting.Clear();
            return files;
        }
    }

    private void Publish(List<(TemporaryFile File, Digest Digest)> files)
    {
        foreach ((TemporaryFile file, _) in files)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            file.Synchronize();
        }

        using FileLock held = _layout.Lock(_cancellationToken);
        foreach ((TemporaryFile file, Digest digest) in files)
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

using System.Buffers;
using System.Security.Cryptography;
using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Store;

/// <summary>
/// Writes blobs of any size into a store. Each blob is hashed while it is written under a temporary name, synchronized to disk, and then renamed under
/// the lock, so an interrupted transfer keeps its complete blobs. Another process may delete blobs that the index does not refer to, so naming an image
/// checks them again under the lock. Thread-safe.
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

    /// <summary>Opens a store, and creates it if it does not exist.</summary>
    /// <param name="path">The store's directory.</param>
    /// <param name="cancellationToken">Cancels all work of the result.</param>
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

    /// <summary>Checks whether the store has a blob, and verifies it.</summary>
    public bool Has(Descriptor descriptor)
    {
        using var files = LayoutFiles.Open(_path, null);
        return files?.IsWhole(descriptor) == true;
    }

    /// <summary>Throws if the disk has not enough space for blobs.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Io"/>.</exception>
    public void RequireRoom(IEnumerable<Descriptor> blobs) => Fault.Wrap(_path, () =>
    {
        using LayoutFiles files = LayoutFiles.Open(_path, null) ?? throw new StoreException(StoreFault.Io, $"The image store '{_path}' was removed.");

        // Sizes come from a manifest, so their sum may overflow a long.
        decimal needed = blobs.Where(b => !files.HasBlob(b.RequiredDigest)).Sum(b => (decimal)b.Size);
        long free = new DriveInfo(_path).AvailableFreeSpace;
        if (needed > free)
        {
            throw new StoreException(StoreFault.Io, $"The image needs {needed:N0} more bytes in '{_path}', but the disk has only {free:N0} free. Free some space, or use another store.");
        }
    });

    /// <summary>Writes a blob. The store has it after <see cref="FlushAsync"/>.</summary>
    /// <param name="descriptor">The descriptor of the blob.</param>
    /// <param name="content">The content, read to its end or to the descriptor's size.</param>
    /// <param name="moved">Receives the number of bytes of each read; may be null.</param>
    /// <param name="cancellationToken">Cancels the write; the blob is discarded.</param>
    /// <exception cref="StoreException">The content does not match the descriptor, or a file operation fails.</exception>
    public async Task AddAsync(Descriptor descriptor, Stream content, Action<long>? moved, CancellationToken cancellationToken)
    {
        Digest digest = descriptor.RequiredDigest;

        // A stream that verifies the digest itself is not hashed twice.
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
                    StoreFault.DigestMismatch, $"The content received for the blob {digest} has {(length > descriptor.Size ? "more" : $"{length}")} bytes, not the {descriptor.Size} of its descriptor.");
            }

            if (hash is not null && Digest.OfHash(hash.GetHashAndReset()) != digest)
            {
                throw new StoreException(StoreFault.DigestMismatch, $"The content received for the blob {digest} has another digest.");
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

    /// <summary>Waits until all added blobs are on disk under their final names.</summary>
    /// <exception cref="StoreException">A file operation fails, or the lock is not available.</exception>
    public Task FlushAsync() => _publisher.FlushAsync();

    /// <inheritdoc/>
    public void Dispose()
    {
        _publisher.Dispose();
        _layout.Dispose();
    }
}

/// <summary>
/// Synchronizes written blobs to disk and renames them, on its own thread, so that a slow disk blocks neither the network nor the thread pool. Blobs that
/// arrive meanwhile are processed as one batch, which costs the file system little more than one blob.
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

    /// <summary>Starts the thread.</summary>
    /// <param name="layout">The store, after <see cref="StoreLayout.Complete"/>.</param>
    /// <param name="path">Its directory, for messages.</param>
    /// <param name="cancellationToken">Cancels the work; blobs that are not renamed yet are discarded.</param>
    public BlobPublisher(StoreLayout layout, string path, CancellationToken cancellationToken)
    {
        (_layout, _path, _cancellationToken) = (layout, path, cancellationToken);
        _thread = new Thread(Work) { IsBackground = true, Name = "Bee: blobs to disk" };
        _thread.Start();
    }

    /// <summary>Adds a complete, verified file, and takes ownership of it.</summary>
    public void Add(TemporaryFile file, Digest digest)
    {
        lock (_waiting)
        {
            _unfinished++;
            _waiting.Enqueue((file, digest));
            Monitor.Pulse(_waiting);
        }
    }

    /// <summary>Waits until all added blobs have their final names.</summary>
    /// <exception cref="StoreException">A file operation fails, or the lock is not available.</exception>
    public Task FlushAsync()
    {
        lock (_waiting)
        {
            return _failure is not null ? Task.FromException(_failure)
                : _unfinished == 0 ? Task.CompletedTask
                : (_flushed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Waits until all added blobs are processed, even if the transfer has failed, so that the next attempt finds them.</summary>
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

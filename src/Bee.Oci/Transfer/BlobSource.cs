using Bee.Oci.Formats;
using Bee.Oci.Repositories;

namespace Bee.Oci.Transfer;

/// <summary>
/// Makes a blob of a repository seekable, for uploads in chunks. Consecutive chunks read the blob once; going back reads it again from the beginning.
/// The digest is verified at the end.
/// </summary>
/// <param name="repository">The repository of the blob.</param>
/// <param name="blob">The descriptor of the blob.</param>
internal sealed class BlobSource(IReadOnlyRepository repository, Descriptor blob) : IDisposable
{
    private const int SkipBytes = 128 << 10;

    // An abandoned chunk may still be reading when the next one begins.
    private readonly SemaphoreSlim _door = new(1, 1);
    private readonly long _size = blob.Size;
    private Stream? _stream;
    private long _position;

    /// <summary>Opens the blob at its beginning. The stream can seek.</summary>
    public Stream Open() => new Part(this);

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream?.Dispose();
        _door.Dispose();
    }

    private async ValueTask<int> ReadAsync(long from, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await _door.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_position > from)
            {
                Close();
            }

            _stream ??= await repository.FetchAsync(blob, cancellationToken).ConfigureAwait(false);
            byte[] skipped = _position < from ? new byte[SkipBytes] : [];
            while (_position < from)
            {
                int over = await _stream.ReadAsync(skipped.AsMemory(0, (int)Math.Min(skipped.Length, from - _position)), cancellationToken).ConfigureAwait(false);
                _position += over;
                if (over == 0)
                {
                    return 0;
                }
            }

            int read = await _stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            _position += read;
            return read;
        }
        catch
        {
            Close();
            throw;
        }
        finally
        {
            _door.Release();
        }
    }

    private void Close()
    {
        _stream?.Dispose();
        (_stream, _position) = (null, 0);
    }

    private sealed class Part(BlobSource source) : ReadOnlyStream
    {
        public override bool CanSeek => true;

        public override long Length => source._size;

        public override long Position { get; set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = buffer.Length == 0 || Position >= Length ? 0 : await source.ReadAsync(Position, buffer, cancellationToken).ConfigureAwait(false);
            Position += read;
            return read;
        }
    }
}

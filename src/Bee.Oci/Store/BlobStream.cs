using System.Security.Cryptography;
using Bee.Oci.Formats;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Store;

/// <summary>A blob that is read from its beginning to its end, where its digest is compared. Needs no more memory than its reader gives.</summary>
/// <param name="file">The file that it is, or is in.</param>
/// <param name="path">The file's path, for messages.</param>
/// <param name="digest">The blob's digest.</param>
/// <param name="length">Its bytes.</param>
/// <param name="start">Where in the file it begins; anywhere but at the beginning the file is an archive's, and stays open.</param>
internal sealed class BlobStream(SafeFileHandle file, string path, ContentDigest digest, long length, long start = 0) : ReadOnlyStream, IDigestChecked
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _position;
    private bool _isChecked;

    public string Digest => digest.ToString();

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        // No further than the length that was told: another process may write.
        int wanted = (int)Math.Min(buffer.Length, length - _position);
        int read = wanted == 0 ? 0 : ReadFile(buffer[..wanted]);
        _hash.AppendData(buffer[..read]);
        _position += read;
        if (_position == length || read == 0)
        {
            Check();
        }

        return read;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => cancellationToken.IsCancellationRequested
        ? ValueTask.FromCanceled<int>(cancellationToken)
        : new(Read(buffer.Span));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            if (start == 0)
            {
                file.Dispose();
            }

            _hash.Dispose();
        }

        base.Dispose(disposing);
    }

    // Not by Fault.Wrap: a span does not go into a lambda.
    private int ReadFile(Span<byte> buffer)
    {
        try
        {
            return RandomAccess.Read(file, buffer, start + _position);
        }
        catch (IOException e)
        {
            throw new StoreException(StoreFault.Io, $"'{path}' cannot be read: {e.Message}", e);
        }
    }

    private void Check()
    {
        if (_isChecked)
        {
            return;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetHashAndReset(hash);
        if (_position != length || ContentDigest.OfHash(hash) != digest)
        {
            throw new StoreException(StoreFault.DigestMismatch, $"The blob {digest} is damaged: its content has another digest.");
        }

        _isChecked = true;
    }
}

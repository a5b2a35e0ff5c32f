using System.Net;

namespace Bee.Oci.Registry.Client;

/// <summary>A part of a blob on its way out. Opened anew for each try of a request; memory does not grow with its length.</summary>
internal sealed class UploadBody : HttpContent
{
    private const int BufferLength = 128 << 10;

    private readonly Func<Stream> _open;
    private readonly long _offset;
    private readonly long _length;
    private readonly IProgress<long>? _progress;

    /// <summary>Makes one.</summary>
    /// <param name="open">Opens the blob from its beginning.</param>
    /// <param name="offset">Where the part begins in the blob.</param>
    /// <param name="length">How many bytes it has.</param>
    /// <param name="progress">Is told how far in the blob the registry is.</param>
    public UploadBody(Func<Stream> open, long offset, long length, IProgress<long>? progress)
    {
        (_open, _offset, _length, _progress) = (open, offset, length, progress);
        Headers.TryAddWithoutValidation("Content-Type", "application/octet-stream");
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Stream source = _open();
        await using (source.ConfigureAwait(false))
        {
            byte[] buffer = new byte[(int)Math.Clamp(_length, 1, BufferLength)];
            await MoveAsync(source, buffer, cancellationToken).ConfigureAwait(false);
            for (long sent = 0; sent < _length;)
            {
                int read = await ReadAsync(source, buffer.AsMemory(0, (int)Math.Min(buffer.Length, _length - sent)), cancellationToken).ConfigureAwait(false);
                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                sent += read;
                _progress?.Report(_offset + sent);
            }
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = _length;
        return true;
    }

    private async Task MoveAsync(Stream source, byte[] buffer, CancellationToken cancellationToken)
    {
        if (source.CanSeek)
        {
            source.Seek(_offset, SeekOrigin.Begin);
            return;
        }

        for (long left = _offset; left > 0;)
        {
            left -= await ReadAsync(source, buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<int> ReadAsync(Stream source, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int read = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        return read > 0
            ? read
            : throw new RegistryException(RegistryFault.DigestMismatch, $"The content to push ends before the {_offset + _length} bytes that are to be sent of it.");
    }
}

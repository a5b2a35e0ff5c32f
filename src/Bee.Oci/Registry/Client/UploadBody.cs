using System.Net;
using System.Runtime.ExceptionServices;

namespace Bee.Oci.Registry.Client;

/// <summary>A part of a blob on its way out. Kept over all tries of a request, since each try has a body of its own.</summary>
/// <param name="open">Opens the blob from its beginning.</param>
/// <param name="offset">Where the part begins in the blob.</param>
/// <param name="length">How many bytes it has.</param>
/// <param name="idle">How long the registry may take nothing.</param>
/// <param name="progress">Is told how far in the blob the registry is.</param>
internal sealed class UploadPart(Func<Stream> open, long offset, long length, TimeSpan idle, IProgress<long>? progress)
{
    private ExceptionDispatchInfo? _fault;

    /// <summary>A body for one try.</summary>
    public HttpContent Body() => new UploadBody(this);

    /// <summary>Throws what went wrong with the content itself: reading it failed, it is too short, or nobody took it. The connection then
    /// breaks too, and that would be the wrong thing to tell and to try again.</summary>
    public void ThrowIfFailed() => _fault?.Throw();

    private async Task WriteAsync(Stream target, CancellationToken cancellation)
    {
        _fault = null;
        Stream source;
        try
        {
            source = open();
        }
        catch (Exception e)
        {
            _fault = ExceptionDispatchInfo.Capture(e);
            throw;
        }

        await using (source.ConfigureAwait(false))
        {
            byte[] buffer = new byte[(int)Math.Clamp(length, 1, 128 << 10)];
            await MoveAsync(source, buffer, cancellation).ConfigureAwait(false);
            using var stalled = new CancellationTokenSource();
            using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stalled.Token);
            for (long sent = 0; sent < length;)
            {
                int read = await ReadAsync(source, buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - sent)), cancellation).ConfigureAwait(false);
                stalled.CancelAfter(idle);
                try
                {
                    await target.WriteAsync(buffer.AsMemory(0, read), stop.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (stalled.IsCancellationRequested && !cancellation.IsCancellationRequested)
                {
                    throw Fail(new RegistryException(RegistryFault.TimedOut, $"The registry has taken nothing for {idle.TotalSeconds:0.#} seconds."));
                }

                stalled.CancelAfter(Timeout.InfiniteTimeSpan);
                sent += read;
                progress?.Report(offset + sent);
            }
        }
    }

    private async Task MoveAsync(Stream source, byte[] buffer, CancellationToken cancellation)
    {
        if (source.CanSeek)
        {
            source.Seek(offset, SeekOrigin.Begin);
            return;
        }

        for (long left = offset; left > 0;)
        {
            left -= await ReadAsync(source, buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellation).ConfigureAwait(false);
        }
    }

    private async Task<int> ReadAsync(Stream source, Memory<byte> buffer, CancellationToken cancellation)
    {
        int read;
        try
        {
            read = await source.ReadAsync(buffer, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _fault = ExceptionDispatchInfo.Capture(e);
            throw;
        }

        return read > 0 ? read : throw Fail(new RegistryException(RegistryFault.DigestMismatch, $"The content to push ends before the {offset + length} bytes that its descriptor says."));
    }

    private RegistryException Fail(RegistryException fault)
    {
        _fault = ExceptionDispatchInfo.Capture(fault);
        return fault;
    }

    private sealed class UploadBody : HttpContent
    {
        private readonly UploadPart _part;
        private readonly long _length;

        public UploadBody(UploadPart part)
        {
            (_part, _length) = (part, part.Length);
            Headers.TryAddWithoutValidation("Content-Type", "application/octet-stream");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => _part.WriteAsync(stream, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) => _part.WriteAsync(stream, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = _length;
            return true;
        }
    }

    private long Length => length;
}

using System.Net;
using System.Runtime.ExceptionServices;

namespace Bee.Oci.Registry.Transport;

/// <summary>
/// A request's body that moves the deadline on as it is taken, and remembers whether it was the source of the content that failed:
/// that is no fault of the connection, and sending again would not help.
/// </summary>
internal sealed class WatchedUpload : HttpContent
{
    private readonly HttpContent _inner;
    private readonly Deadline _deadline;
    private readonly RegistryOptions _options;
    private ExceptionDispatchInfo? _sourceFault;

    public WatchedUpload(HttpContent inner, Deadline deadline, RegistryOptions options)
    {
        (_inner, _deadline, _options) = (inner, deadline, options);
        foreach ((string name, IEnumerable<string> values) in inner.Headers)
        {
            Headers.TryAddWithoutValidation(name, values);
        }
    }

    /// <summary>Throws what reading the content threw, if it did.</summary>
    public void ThrowSourceFault() => _sourceFault?.Throw();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var watched = new Taker(stream, () => _deadline.Within(_options.IdleTimeout));
        try
        {
            await _inner.CopyToAsync(watched, context, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!watched.HasFailed && e is not OperationCanceledException)
        {
            _sourceFault = ExceptionDispatchInfo.Capture(e is HttpRequestException { InnerException: { } inner } ? inner : e);
            throw;
        }

        _deadline.Within(_options.HeaderTimeout);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _inner.Headers.ContentLength ?? 0;
        return _inner.Headers.ContentLength is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>The connection's side.</summary>
    private sealed class Taker(Stream connection, Action taken) : Stream
    {
        public bool HasFailed { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            taken();
            try
            {
                await connection.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                HasFailed = true;
                throw;
            }
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Write(byte[] buffer, int offset, int count) =>
            WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

        public override Task FlushAsync(CancellationToken cancellationToken) => connection.FlushAsync(cancellationToken);

        public override void Flush() => connection.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}

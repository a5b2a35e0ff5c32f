using System.Net;
using System.Runtime.ExceptionServices;

namespace Bee.Oci.Registry.Transport;

/// <summary>Wraps the content of a message to observe its transfer. Headers and length are those of the wrapped content.</summary>
internal abstract class WatchedContent : HttpContent
{
    protected WatchedContent(HttpContent inner)
    {
        Inner = inner;
        foreach ((string name, IEnumerable<string> values) in inner.Headers)
        {
            Headers.TryAddWithoutValidation(name, values);
        }
    }

    /// <summary>The wrapped content.</summary>
    protected HttpContent Inner { get; }

    protected abstract override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override bool TryComputeLength(out long length)
    {
        length = Inner.Headers.ContentLength ?? 0;
        return Inner.Headers.ContentLength is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Inner.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>A response body with the idle timeout.</summary>
internal sealed class WatchedAnswer(HttpContent inner, TimeSpan idle, Uri address) : WatchedContent(inner)
{
    /// <summary>The idle timeout, which is also the total timeout of a small body.</summary>
    public TimeSpan Idle => idle;

    /// <summary>The URL of the response.</summary>
    public Uri Address => address;

    protected override async Task<Stream> CreateContentReadStreamAsync() =>
        new IdleStream(await Inner.ReadAsStreamAsync().ConfigureAwait(false), idle, address);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) =>
        new IdleStream(Inner.ReadAsStream(cancellationToken), idle, address);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Stream body = await CreateContentReadStreamAsync().ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            await body.CopyToAsync(stream, cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>
/// A request body that extends the deadline with each write, and records whether reading the content failed. Such a failure is not the
/// connection's, and a retry would not help.
/// </summary>
internal sealed class WatchedUpload(HttpContent inner, Deadline deadline, RegistryOptions options) : WatchedContent(inner)
{
    private ExceptionDispatchInfo? _sourceFault;

    /// <summary>Rethrows the exception of reading the content, if there was one.</summary>
    public void ThrowSourceFault() => _sourceFault?.Throw();

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var watched = new Taker(stream, () => deadline.Within(options.IdleTimeout));
        try
        {
            await Inner.CopyToAsync(watched, context, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!watched.HasFailed && e is not OperationCanceledException)
        {
            _sourceFault = ExceptionDispatchInfo.Capture(e is HttpRequestException { InnerException: { } cause } ? cause : e);
            throw;
        }

        deadline.Within(options.HeaderTimeout);
    }

    /// <summary>The stream to the connection.</summary>
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

using System.Net;
using System.Runtime.ExceptionServices;

namespace Bee.Oci.Registry.Transport;

/// <summary>
/// A request's body that moves the deadline on as it is taken, and remembers whether it was the source of the content that failed:
/// that is no fault of the connection, and sending again would not help.
/// </summary>
internal sealed class WatchedUpload(HttpContent inner, Deadline deadline, RegistryOptions options) : WatchedContent(inner)
{
    private ExceptionDispatchInfo? _sourceFault;

    /// <summary>Throws what reading the content threw, if it did.</summary>
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

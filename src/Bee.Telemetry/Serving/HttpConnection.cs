using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Bee.Telemetry.Exposition;

namespace Bee.Telemetry.Serving;

/// <summary>One connection of a scraper. Reads and answers requests in order.</summary>
internal sealed class HttpConnection(Socket socket, MetricServerOptions limits, SslServerAuthenticationOptions? tls, MetricRoutes routes, ServerMetrics metrics)
{
    // The number of bytes to read from a client after its request was refused. Closing a socket with unread bytes resets the connection, and the answer would be lost.
    private const int DrainLimit = 256 * 1024;
    private static readonly TimeSpan s_drainTime = TimeSpan.FromSeconds(1);

    private readonly byte[] _bytes = new byte[limits.MaxHeaderBytes];
    private int _count;
    private bool _isIdle;
    private long _waitingSince = Stopwatch.GetTimestamp();

    /// <summary>The time since which the connection waits for a request (<see cref="Stopwatch.GetTimestamp"/>); <see cref="long.MaxValue"/> while it answers one.</summary>
    public long WaitingSince => Interlocked.Read(ref _waitingSince);

    /// <summary>Closes the connection immediately.</summary>
    public void Abort() => socket.Dispose();

    /// <summary>Serves the connection until it ends. Does not throw.</summary>
    /// <param name="cancellationToken">Ends the connection.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            socket.NoDelay = true;
            deadline.CancelAfter(limits.HeaderTimeout);
            var network = new NetworkStream(socket, ownsSocket: true);
            await using (network.ConfigureAwait(false))
            {
                if (tls is null)
                {
                    await ServeAsync(network, deadline).ConfigureAwait(false);
                    return;
                }

                var secure = new SslStream(network);
                await using (secure.ConfigureAwait(false))
                {
                    await secure.AuthenticateAsServerAsync(tls, deadline.Token).ConfigureAwait(false);
                    await ServeAsync(secure, deadline).ConfigureAwait(false);
                }
            }
        }
        catch (AuthenticationException)
        {
            metrics.CountRejected(RejectReason.Tls);
        }
        catch (OperationCanceledException)
        {
            // An idle connection that was answered before is not counted as rejected.
            if (!cancellationToken.IsCancellationRequested && !_isIdle)
            {
                metrics.CountRejected(RejectReason.Timeout);
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            // The client disconnected, or the server stops.
        }
        finally
        {
            socket.Dispose();
        }
    }

    private async Task ServeAsync(Stream stream, CancellationTokenSource deadline)
    {
        while (true)
        {
            var (status, request) = await ReadAsync(stream, deadline).ConfigureAwait(false);
            if (status == 0)
            {
                return;
            }

            Interlocked.Exchange(ref _waitingSince, long.MaxValue);
            // The deadline limits the client. The sources have a time limit of their own.
            deadline.CancelAfter(Timeout.InfiniteTimeSpan);
            if (request is null)
            {
                metrics.CountRejected(RejectReason.Request);
            }

            // Sources are read on a separate thread, because the pool may have few threads, which answer other connections.
            using var response = request is null
                ? Answer(status, null, deadline.Token)
                : await Task.Factory.StartNew(() => Answer(status, request, deadline.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            var keepsAlive = request?.KeepsAlive == true && response.Status != 500;
            deadline.CancelAfter(limits.WriteTimeout);
            await stream.WriteAsync(response.Head(keepsAlive), deadline.Token).ConfigureAwait(false);
            if (request?.Method != "HEAD")
            {
                await stream.WriteAsync(response.Body, deadline.Token).ConfigureAwait(false);
            }

            if (!keepsAlive)
            {
                await DrainAsync(stream, deadline).ConfigureAwait(false);
                return;
            }

            Interlocked.Exchange(ref _waitingSince, Stopwatch.GetTimestamp());
            _isIdle = _count == 0;
            deadline.CancelAfter(_isIdle ? limits.IdleTimeout : limits.HeaderTimeout);
        }
    }

    private HttpResponse Answer(int status, HttpRequest? request, CancellationToken cancellationToken)
    {
        try
        {
            return request is null ? HttpResponse.Text(status, Refusal(status)) : routes.Answer(request, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            metrics.CountError();
            return HttpResponse.Text(500, "The metrics cannot be encoded.");
        }
    }

    private string Refusal(int status) => status switch
    {
        413 => "Requests with a body are not accepted.",
        431 => $"The head of a request is limited to {limits.MaxHeaderBytes} bytes.",
        505 => "HTTP/1.1 and HTTP/1.0 are spoken.",
        _ => "The request is not valid HTTP/1.1.",
    };

    // Returns the status 0 at the end of the connection, and a request only with the status 200. Bytes after the head are kept for the next request.
    private async Task<(int Status, HttpRequest? Request)> ReadAsync(Stream stream, CancellationTokenSource deadline)
    {
        var seen = 0;
        while (true)
        {
            // Empty lines before a request are allowed (RFC 9112, section 2.2).
            while (seen == 0 && _count >= 2 && _bytes[0] == '\r' && _bytes[1] == '\n')
            {
                Remove(2);
            }

            var head = _bytes.AsSpan(0, _count);
            var end = head.IndexOf("\r\n\r\n"u8);
            if (HttpRequest.IsGarbage(end < 0 ? head : head[..end], seen))
            {
                return (400, null);
            }

            if (end >= 0)
            {
                var status = HttpRequest.Parse(head[..end], out var request);
                Remove(end + 4);
                return (status, request);
            }

            if (_count == _bytes.Length)
            {
                return (431, null);
            }

            seen = _count;
            var read = await stream.ReadAsync(_bytes.AsMemory(_count), deadline.Token).ConfigureAwait(false);
            if (read == 0)
            {
                return (0, null);
            }

            if (_isIdle)
            {
                _isIdle = false;
                deadline.CancelAfter(limits.HeaderTimeout);
            }

            _count += read;
        }
    }

    private void Remove(int count)
    {
        _count -= count;
        _bytes.AsSpan(count, _count).CopyTo(_bytes);
    }

    private async Task DrainAsync(Stream stream, CancellationTokenSource deadline)
    {
        if (stream is SslStream secure)
        {
            await secure.ShutdownAsync().WaitAsync(deadline.Token).ConfigureAwait(false);
        }

        socket.Shutdown(SocketShutdown.Send);
        deadline.CancelAfter(s_drainTime);
        try
        {
            for (int total = 0, read; total < DrainLimit && (read = await socket.ReceiveAsync(_bytes, deadline.Token).ConfigureAwait(false)) > 0; total += read)
            {
            }
        }
        catch (OperationCanceledException)
        {
            // The client keeps the connection open, but has had time to read the answer.
        }
    }
}

/// <summary>Writes to an <see cref="ExpositionBuffer"/>.</summary>
internal sealed class BufferStream(ExpositionBuffer buffer) : Stream
{
    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => buffer.Length;

    /// <inheritdoc/>
    public override long Position { get => buffer.Length; set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> bytes) => buffer.Append(bytes);

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}

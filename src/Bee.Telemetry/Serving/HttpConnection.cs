using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Bee.Telemetry.Serving;

/// <summary>One connection of a scraper: reads requests and answers them, one after the other.</summary>
internal sealed class HttpConnection(Socket socket, MetricServerOptions limits, SslServerAuthenticationOptions? tls, MetricRoutes routes, ServerMetrics metrics)
{
    // What a client may still send after it was refused: a socket that is closed with unread bytes resets the connection, and the answer is lost.
    private const int DrainLimit = 256 * 1024;
    private static readonly TimeSpan s_drainTime = TimeSpan.FromSeconds(1);

    private readonly byte[] _bytes = new byte[limits.MaxHeaderBytes];
    private int _count;
    private long _waitingSince = Environment.TickCount64;

    /// <summary>Since when the connection waits for a request, by <see cref="Environment.TickCount64"/>; <see cref="long.MaxValue"/> while it answers one.</summary>
    public long WaitingSince => Interlocked.Read(ref _waitingSince);

    /// <summary>Ends the connection at once.</summary>
    public void Abort() => socket.Dispose();

    /// <summary>Serves the connection to its end. Does not throw.</summary>
    /// <param name="cancellationToken">Ends it.</param>
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
            if (!cancellationToken.IsCancellationRequested)
            {
                metrics.CountRejected(RejectReason.Timeout);
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            // The client went away, or the server stops.
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
            // The limit of time is for the client, not for the sources, which have one of their own.
            deadline.CancelAfter(Timeout.InfiniteTimeSpan);
            if (request is null)
            {
                metrics.CountRejected(RejectReason.Request);
            }

            using var response = request is null ? HttpResponse.Text(status, "The request is not valid here.") : routes.Answer(request, deadline.Token);
            var keepsAlive = request?.KeepsAlive == true;
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

            Interlocked.Exchange(ref _waitingSince, Environment.TickCount64);
            deadline.CancelAfter(_count > 0 ? limits.HeaderTimeout : limits.IdleTimeout);
        }
    }

    // Returns the status 0 at the end of the connection, and a request with the status 200 only. What follows the head stays for the next request.
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

            if (_count == 0)
            {
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
            // The client keeps its side open; it has had the time to read.
        }
    }
}

using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Bee.Ebpf;
using Bee.Posix;
using Bee.Telemetry.Collection;

namespace Bee.Telemetry.Serving;

/// <summary>
/// Serves metrics to Prometheus over HTTP/1.1, or over TLS with a certificate: <c>/metrics</c>, <c>/healthz</c> and <c>/readyz</c>. A slow scraper does not delay others. A server that other machines can reach
/// requires a token, a certificate, or <see cref="MetricServerOptions.AllowAnonymous"/>. All members are safe from any thread.
/// </summary>
/// <remarks>It works on sockets, because the host may not include ASP.NET, and <c>HttpListener</c> supports neither TLS nor limits on Linux.</remarks>
public sealed class MetricServer : IDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    private readonly MetricServerOptions _options;
    private readonly Socket _listener;
    private readonly SslServerAuthenticationOptions? _tls;
    private readonly ServerMetrics _metrics = new();
    private readonly MetricRoutes _routes;
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<HttpConnection> _connections = [];
    private bool _isStopped;

    private MetricServer(MetricServerOptions options)
    {
        _options = options;
        var address = ListenAddress.Parse(options.Listen);
        var token = options.BearerToken is null ? null : new BearerToken(options.BearerToken);
        var certificate = ServerCertificate.Read(options);
        if (!ListenAddress.IsLoopback(address.Address) && token is null && certificate is null && !options.AllowAnonymous)
        {
            throw new MetricServerException(
                MetricServerFault.Unprotected,
                $"Other machines could read the metrics at '{options.Listen}': it is not a loopback address, and neither a token nor a certificate protects it.",
                "Give a token or a certificate, listen on 127.0.0.1, or allow anonymous access.");
        }

        _tls = certificate is null ? null : new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificate,
            ApplicationProtocols = [SslApplicationProtocol.Http11],
        };
        _routes = new MetricRoutes(options.Sources, token, options.ScrapeTimeout, _metrics);
        _listener = Bind(address, options.Listen);
        Endpoint = (IPEndPoint)_listener.LocalEndPoint!;
        // Runs on the thread pool, because the caller's thread may be waiting for this one.
        _ = Task.Run(AcceptAsync);
    }

    /// <summary>The address and port that the server listens on.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>Whether the server uses TLS.</summary>
    public bool IsTls => _tls is not null;

    /// <summary>Whether scrapers must send a token.</summary>
    public bool NeedsToken => _options.BearerToken is not null;

    /// <summary>Whether the server listens. False after <see cref="Dispose"/>.</summary>
    public bool IsRunning
    {
        get
        {
            lock (_connections)
            {
                return !_isStopped;
            }
        }
    }

    /// <summary>The URL of the metrics. A server that listens on all addresses returns the one on loopback.</summary>
    public Uri Uri
    {
        get
        {
            var address = Endpoint.Address;
            address = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? IPAddress.Loopback : address;
            return new UriBuilder(IsTls ? "https" : "http", address.ToString(), Endpoint.Port, "/metrics").Uri;
        }
    }

    /// <summary>The statistics of the server.</summary>
    internal MetricServerStatistics Statistics
    {
        get
        {
            int connections;
            lock (_connections)
            {
                connections = _connections.Count;
            }

            return _metrics.Statistics(connections);
        }
    }

    /// <summary>Starts a server of the metrics of a session's maps, and of the sources in <paramref name="options"/>. When this returns, the port is bound.</summary>
    /// <param name="session">The session. It stays the caller's.</param>
    /// <param name="options">The address, access and limits; null for <c>127.0.0.1:9435</c>.</param>
    /// <param name="metrics">Names and limits of the metrics; null for the defaults.</param>
    /// <exception cref="MetricServerException">The address is taken, not valid or not protected, or the certificate or token cannot be used. <see cref="BeeException.Id"/> has the reason.</exception>
    public static MetricServer Start(BpfSession session, MetricServerOptions? options = null, SessionMetricsOptions? metrics = null)
    {
        var source = new SessionMetrics(session, metrics);
        var others = (options ??= new MetricServerOptions()).Sources;
        return Start(options with { Sources = () => [source, .. others()] });
    }

    /// <summary>Starts a server of the sources in <paramref name="options"/>. When this returns, the port is bound.</summary>
    /// <param name="options">The sources, the address, access and limits.</param>
    /// <exception cref="MetricServerException">The address is taken, not valid or not protected, or the certificate or token cannot be used. <see cref="BeeException.Id"/> has the reason.</exception>
    public static MetricServer Start(MetricServerOptions options) => new(options);

    /// <summary>Closes the port and all connections. Safe to call again.</summary>
    public void Dispose()
    {
        HttpConnection[] open;
        lock (_connections)
        {
            if (_isStopped)
            {
                return;
            }

            _isStopped = true;
            open = [.. _connections];
        }

        _listener.Dispose();
        // Not on this thread, which may hold a lock that sources wait for. Cancellation callbacks of sources run here, and may throw.
        _ = _stop.CancelAsync();
        foreach (var connection in open)
        {
            connection.Abort();
        }
    }

    private static Socket Bind(IPEndPoint address, string text)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (address.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(address);
            socket.Listen(128);
            return socket;
        }
        catch (SocketException exception)
        {
            socket?.Dispose();
            throw exception.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => new MetricServerException(
                    MetricServerFault.AddressTaken, $"'{text}' is taken: another socket listens there.", "Choose another port (0 takes a free one), or stop the other server.", exception),
                SocketError.AccessDenied => new MetricServerException(
                    MetricServerFault.AddressUnavailable, $"This user lacks the permission to listen on '{text}'.", "Choose a port from 1024 on, or run as root.", exception),
                _ => new MetricServerException(
                    MetricServerFault.AddressUnavailable, $"Listening on '{text}' failed: {exception.Message}.", "Choose an address of this machine.", exception),
            };
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync(_stop.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException || !IsRunning)
            {
                return;
            }
            catch (SocketException)
            {
                // The client disconnected before it was accepted, or the process is out of fds.
                await Task.Delay(s_pause).ConfigureAwait(false);
                continue;
            }

            Serve(socket);
        }
    }

    private void Serve(Socket socket)
    {
        var connection = new HttpConnection(socket, _options, _tls, _routes, _metrics);
        HttpConnection? longest = null;
        lock (_connections)
        {
            if (_isStopped)
            {
                socket.Dispose();
                return;
            }

            if (_connections.Count >= _options.MaxConnections)
            {
                longest = _connections.MinBy(static other => other.WaitingSince);
                if (longest is null || longest.WaitingSince == long.MaxValue)
                {
                    longest = connection;
                }
            }

            if (longest != connection)
            {
                if (longest is not null)
                {
                    _connections.Remove(longest);
                }

                _connections.Add(connection);
            }
        }

        if (longest is not null)
        {
            _metrics.CountRejected(RejectReason.Connections);
            longest.Abort();
        }

        if (longest != connection)
        {
            _ = RunAsync(connection);
        }
    }

    private async Task RunAsync(HttpConnection connection)
    {
        try
        {
            await Task.Run(() => connection.RunAsync(_stop.Token)).ConfigureAwait(false);
        }
        finally
        {
            lock (_connections)
            {
                _connections.Remove(connection);
            }
        }
    }
}

using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Bee.Ebpf;
using Bee.Posix;
using Bee.Telemetry.Collection;

namespace Bee.Telemetry.Serving;

/// <summary>
/// A server of metrics by HTTP/1.1, with TLS if it has a certificate. It has a task for each connection, so a slow scraper does not delay others.
/// Loopback needs no protection; every other address needs a token, TLS or the explicit permission to do without.
/// </summary>
/// <remarks>It works on sockets, because PowerShell does not include ASP.NET, and <c>HttpListener</c> supports neither TLS nor limits on Linux.</remarks>
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
        // Continues on a thread of the pool: the caller's may be waiting for this one.
        _ = Task.Run(AcceptAsync);
    }

    /// <summary>The address and port that the server listens on.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>Whether the server speaks TLS.</summary>
    public bool IsTls => _tls is not null;

    /// <summary>Whether a token is needed.</summary>
    public bool NeedsToken => _options.BearerToken is not null;

    /// <summary>Whether the server still listens.</summary>
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

    /// <summary>The address of the metrics; of a server that listens on all addresses, that on loopback.</summary>
    public Uri Uri
    {
        get
        {
            var address = Endpoint.Address;
            address = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? IPAddress.Loopback : address;
            return new UriBuilder(IsTls ? "https" : "http", address.ToString(), Endpoint.Port, "/metrics").Uri;
        }
    }

    /// <summary>What the server has done so far.</summary>
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

    /// <summary>Starts a server. When this returns, the port is bound and scrapers are answered.</summary>
    /// <param name="options">What it serves, and where.</param>
    /// <exception cref="MetricServerException">The address is taken, not valid or not protected; the certificate or the token cannot be used.</exception>
    public static MetricServer Start(MetricServerOptions options) => new(options);

    /// <summary>Frees the port and ends all connections at once. Safe to call again.</summary>
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
        // Not on this thread, which may hold what sources wait for: what sources have registered runs then, and may throw.
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
                    MetricServerFault.AddressUnavailable, $"This user may not listen on '{text}'.", "Choose a port from 1024 on, or run as root.", exception),
                _ => new MetricServerException(
                    MetricServerFault.AddressUnavailable, $"The kernel refuses to listen on '{text}': {exception.Message}.", "Choose an address of this machine.", exception),
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
                // The client went away before it was accepted, or the process has too many fds for now.
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

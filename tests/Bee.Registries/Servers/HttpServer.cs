using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Bee.Registries;

/// <summary>
/// A small HTTP/1.1 server on an ephemeral loopback port. It formats responses itself, so that they can be malformed in any way.
/// </summary>
public sealed class HttpServer : IDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _end = new();
    private readonly Func<HttpExchange, Task> _handle;
    private readonly X509Certificate2? _certificate;

    /// <summary>Starts the server.</summary>
    /// <param name="handle">Handles a request, on any thread. The connection is cut if it throws or does not respond.</param>
    /// <param name="authority">Uses TLS with a certificate of this authority; null for plain http.</param>
    /// <param name="address">The address to listen on; null for 127.0.0.1.</param>
    public HttpServer(Func<HttpExchange, Task> handle, TestAuthority? authority = null, IPAddress? address = null)
    {
        _listener = new TcpListener(address ?? IPAddress.Loopback, 0);
        _handle = handle;
        _certificate = authority is null ? null : X509Certificate2.CreateFromPemFile(authority.ServerCertificate, authority.ServerKey);
        _listener.Start();
        Host = _listener.LocalEndpoint.ToString()!;
        Address = new Uri($"{(authority is null ? "http" : "https")}://{Host}/");
        _ = AcceptAsync();
    }

    /// <summary>Host and port, <c>127.0.0.1:41234</c>.</summary>
    public string Host { get; }

    /// <summary>The URL, with <c>http</c> or <c>https</c>.</summary>
    public Uri Address { get; }

    /// <summary>Stops the server and closes all connections.</summary>
    public void Dispose()
    {
        _end.Cancel();
        _listener.Stop();
        _certificate?.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_end.Token);
                _ = ServeAsync(client);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The server was stopped.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                client.NoDelay = true;
                Stream stream = client.GetStream();
                if (_certificate is not null)
                {
                    var secure = new SslStream(stream);
                    await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _end.Token);
                    stream = secure;
                }

                var buffered = new BufferedStream(stream);
                while (await HttpExchange.ReadAsync(client, stream, buffered, _end.Token) is { } exchange)
                {
                    await _handle(exchange);
                    if (!await exchange.FinishAsync())
                    {
                        break;
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or AuthenticationException or CutException)
        {
            // The client closed the connection, or the handler cut it.
        }
    }
}

/// <summary>Thrown by a handler to cut its connection.</summary>
public sealed class CutException : Exception;

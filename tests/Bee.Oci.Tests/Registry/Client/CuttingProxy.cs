using System.Net;
using System.Net.Sockets;

namespace Bee.Oci.Tests.Registry.Client;

/// <summary>A proxy for a server that cuts connections after a number of bytes, in one direction.</summary>
internal sealed class CuttingProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly int _port;
    private readonly bool _upwards;
    private readonly Queue<long> _limits;
    private int _cuts;

    /// <summary>Starts the proxy.</summary>
    /// <param name="port">The server's port.</param>
    /// <param name="upwards">Whether to count bytes to the server instead of bytes from it.</param>
    /// <param name="limits">The limits, in bytes, of the first connections that reach them.</param>
    public CuttingProxy(int port, bool upwards, params long[] limits)
    {
        (_port, _upwards, _limits) = (port, upwards, new Queue<long>(limits));
        _listener.Start();
        Host = _listener.LocalEndpoint.ToString()!;
        _ = AcceptAsync();
    }

    public string Host { get; }

    /// <summary>The number of connections that were cut.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    public void Dispose()
    {
        _end.Cancel();
        _listener.Stop();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The proxy was stopped.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient near = client, far = new();
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, _port, _end.Token);
            await Task.WhenAny(
                CopyAsync(near.GetStream(), far.GetStream(), _upwards),
                CopyAsync(far.GetStream(), near.GetStream(), !_upwards));
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // One side closed the connection.
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, bool cuts)
    {
        byte[] buffer = new byte[16 << 10];
        long passed = 0;
        int read;
        while ((read = await from.ReadAsync(buffer, _end.Token)) > 0)
        {
            await to.WriteAsync(buffer.AsMemory(0, read), _end.Token);
            passed += read;
            lock (_limits)
            {
                if (cuts && _limits.TryPeek(out long limit) && passed >= limit)
                {
                    _limits.Dequeue();
                    _cuts++;
                    return;
                }
            }
        }
    }
}

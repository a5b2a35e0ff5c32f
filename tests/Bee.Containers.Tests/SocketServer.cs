using System.Net.Sockets;
using System.Text;

namespace Bee.Containers.Tests;

/// <summary>A Unix socket that answers each connection as a test says.</summary>
internal sealed class SocketServer : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly List<Socket> _clients = [];

    /// <param name="path">The path of the socket.</param>
    /// <param name="answer">Returns the bytes for a request; null to keep silent. The connection is closed after an answer.</param>
    public SocketServer(string path, Func<string, byte[]?> answer)
    {
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        Start(() => Serve(answer));
    }

    /// <summary>Returns an HTTP answer.</summary>
    public static byte[] Http(string body, string status = "200 OK") => Encoding.UTF8.GetBytes($"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}");

    public void Dispose()
    {
        _listener.Dispose();
        lock (_clients)
        {
            _clients.ForEach(client => client.Dispose());
        }
    }

    // Threads of their own: the pool's few threads have to serve the client.
    private static void Start(Action work) => new Thread(() => work()) { IsBackground = true }.Start();

    private void Serve(Func<string, byte[]?> answer)
    {
        try
        {
            while (true)
            {
                Socket client = _listener.Accept();
                lock (_clients)
                {
                    _clients.Add(client);
                }

                Start(() => Answer(client, answer));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private static void Answer(Socket client, Func<string, byte[]?> answer)
    {
        try
        {
            byte[] request = new byte[64 << 10];
            if (answer(Encoding.UTF8.GetString(request, 0, client.Receive(request))) is { } bytes)
            {
                client.Send(bytes);
                client.Dispose();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client did not wait.
        }
    }
}

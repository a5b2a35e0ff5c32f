using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Bee.Telemetry.Tests.Serving;

/// <summary>A client that sends any bytes, valid HTTP or not.</summary>
internal sealed class RawClient : IDisposable
{
    // Much longer than any answer takes, so a timeout is a failure.
    private const int Patience = 60_000;

    private readonly Socket _socket;
    private byte[] _rest = [];

    public RawClient(IPEndPoint server)
    {
        _socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = Patience, SendTimeout = Patience };
        _socket.Connect(server);
    }

    public static string Get(IPEndPoint server, string path, params string[] fields)
    {
        using var client = new RawClient(server);
        client.Send(Request(path, [.. fields, "Connection: close"]));
        return client.ReadToEnd();
    }

    public static string Request(string path, params string[] fields) => $"GET {path} HTTP/1.1\r\nHost: x\r\n{string.Concat(fields.Select(field => field + "\r\n"))}\r\n";

    public void Send(string text) => _socket.Send(Encoding.Latin1.GetBytes(text));

    /// <summary>Reads one answer with a Content-Length: its head and its body.</summary>
    public string ReadAnswer()
    {
        var text = new StringBuilder(Encoding.UTF8.GetString(_rest));
        var bytes = new byte[65536];
        while (true)
        {
            var all = text.ToString();
            var end = all.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                var field = all.Split("\r\n").Single(line => line.StartsWith("Content-Length: ", StringComparison.Ordinal));
                var length = end + 4 + int.Parse(field["Content-Length: ".Length..]);
                if (all.Length >= length)
                {
                    _rest = Encoding.UTF8.GetBytes(all[length..]);
                    return all[..length];
                }
            }

            var read = _socket.Receive(bytes);
            if (read == 0)
            {
                throw new EndOfStreamException($"The connection ended after: {all}");
            }

            text.Append(Encoding.UTF8.GetString(bytes, 0, read));
        }
    }

    /// <summary>Reads until the server closes the connection, or resets it.</summary>
    public string ReadToEnd()
    {
        using var all = new MemoryStream();
        all.Write(_rest);
        var bytes = new byte[65536];
        try
        {
            for (int read; (read = _socket.Receive(bytes)) > 0;)
            {
                all.Write(bytes, 0, read);
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset)
        {
        }

        return Encoding.UTF8.GetString(all.ToArray());
    }

    public void Dispose() => _socket.Dispose();
}

using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bee.Telemetry.Logs;

namespace Bee.Telemetry.Syslog;

/// <summary>Sends log records to a syslog receiver (RFC 5424). Connects with the first batch, and again after a connection broke.</summary>
internal sealed class SyslogTransport : ILogTransport
{
    // The sizes that all receivers should accept: RFC 5424, 6.1, and RFC 5425, 4.3.1.
    private const int MostUdp = 2048, MostStream = 8192;

    // Messages are written in groups of this size. A slow link gets the whole time limit for each group, and a written group is not sent again.
    private const int MostGroup = 16 << 10;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly SyslogAddress _address;
    private readonly SyslogMessage _messages;
    private Socket? _socket;
    private Stream? _stream;
    private Task? _closing;

    /// <summary>Creates the transport.</summary>
    /// <param name="address">The receiver.</param>
    public SyslogTransport(SyslogAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        _address = address;
        _messages = new SyslogMessage(Dns.GetHostName(), Environment.ProcessId, address.Protocol == SyslogProtocol.Udp ? MostUdp : MostStream);
    }

    /// <summary>The certificate policy; null for the system's authorities.</summary>
    internal X509ChainPolicy? Trust { get; init; }

    /// <summary>Whether the receiver has closed the connection.</summary>
    internal bool IsClosed => _closing is { IsCompleted: true };

    /// <inheritdoc/>
    public string Destination => $"syslog at {_address}";

    /// <inheritdoc/>
    public async Task<SendResult> SendAsync(IReadOnlyList<LogRecord> batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_patience);
        byte[][] messages = [.. batch.Select(_messages.Encode)];
        int sent = 0;
        try
        {
            Socket socket = await ConnectAsync(limit.Token).ConfigureAwait(false);
            if (_address.Protocol == SyslogProtocol.Udp)
            {
                for (; sent < messages.Length; sent++)
                {
                    await socket.SendAsync(messages[sent], SocketFlags.None, limit.Token).ConfigureAwait(false);
                }
            }

            while (sent < messages.Length)
            {
                limit.CancelAfter(s_patience);
                byte[] group = Frames(messages, sent, out int next);
                await _stream!.WriteAsync(group, limit.Token).ConfigureAwait(false);
                sent = next;
            }

            return SendResult.Delivered(batch.Count);
        }
        catch (Exception fault) when (fault is SocketException or IOException or AuthenticationException or OperationCanceledException && (sent > 0 || !cancellationToken.IsCancellationRequested))
        {
            // The number of bytes that were sent is unknown, so the connection cannot be used any more.
            Close();
            string why = cancellationToken.IsCancellationRequested ? "the time limit of the last flush passed"
                : fault is OperationCanceledException ? string.Create(CultureInfo.InvariantCulture, $"no answer in {s_patience.TotalSeconds} s") : fault.Message;
            // The error for a datagram is reported by the next one.
            int settled = _address.Protocol == SyslogProtocol.Udp ? Math.Max(0, sent - 1) : sent;
            return SendResult.Retry($"{_address} does not accept messages: {why.TrimEnd('.')}.", settled: settled);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private async Task<Socket> ConnectAsync(CancellationToken cancellationToken)
    {
        // The first write to a connection that the receiver has closed would succeed, and the batch be lost.
        if (IsClosed)
        {
            Close();
        }

        if (_socket is not null)
        {
            return _socket;
        }

        bool isUdp = _address.Protocol == SyslogProtocol.Udp;
        IPAddress[] found = await Dns.GetHostAddressesAsync(_address.Host, cancellationToken).ConfigureAwait(false);
        Exception? first = null;
        foreach (IPAddress one in found)
        {
            var socket = new Socket(one.AddressFamily, isUdp ? SocketType.Dgram : SocketType.Stream, isUdp ? ProtocolType.Udp : ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(one, _address.Port, cancellationToken).ConfigureAwait(false);
                _stream = isUdp ? null : await OpenAsync(socket, cancellationToken).ConfigureAwait(false);
                _closing = _stream is null ? null : WaitForEndAsync(_stream);
                return _socket = socket;
            }
            catch (Exception fault)
            {
                socket.Dispose();
                if (fault is not SocketException)
                {
                    throw;
                }

                first ??= fault;
            }
        }

        throw first ?? new SocketException((int)SocketError.HostNotFound);
    }

    private async Task<Stream> OpenAsync(Socket socket, CancellationToken cancellationToken)
    {
        var stream = new NetworkStream(socket, ownsSocket: false);
        if (_address.Protocol == SyslogProtocol.Tcp)
        {
            return stream;
        }

        var secured = new SslStream(stream);
        await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = _address.Host, CertificateChainPolicy = Trust }, cancellationToken).ConfigureAwait(false);
        return secured;
    }

    // Receivers send nothing. A read returns TLS data (session tickets, close_notify), or the end.
    private static async Task WaitForEndAsync(Stream stream)
    {
        try
        {
            var ignored = new byte[64];
            while (await stream.ReadAsync(ignored).ConfigureAwait(false) > 0)
            {
            }
        }
        catch (Exception)
        {
            // The connection broke, or was closed by this side.
        }
    }

    // Returns at least one message. Octet counting: RFC 6587, 3.4.1, and RFC 5425, 4.3.
    private static byte[] Frames(byte[][] messages, int first, out int next)
    {
        var frames = new MemoryStream();
        for (next = first; next < messages.Length && (next == first || frames.Length + messages[next].Length < MostGroup); next++)
        {
            frames.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{messages[next].Length} ")));
            frames.Write(messages[next]);
        }

        return frames.ToArray();
    }

    private void Close()
    {
        _stream?.Dispose();
        _socket?.Dispose();
        (_stream, _socket, _closing) = (null, null, null);
    }
}

using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Bee.Telemetry.Logs;

namespace Bee.Telemetry.Syslog;

/// <summary>Sends log records to a syslog receiver as messages of RFC 5424. It connects with the first batch, and again after a connection broke.</summary>
public sealed class SyslogTransport : ILogTransport
{
    // What every receiver should take: RFC 5424, 6.1, and RFC 5425, 4.3.1.
    private const int MostUdp = 2048, MostStream = 8192;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly SyslogAddress _address;
    private readonly SyslogMessage _messages;
    private Socket? _socket;
    private Stream? _stream;

    /// <summary>Creates the transport.</summary>
    /// <param name="address">The receiver.</param>
    public SyslogTransport(SyslogAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        _address = address;
        _messages = new SyslogMessage(Dns.GetHostName(), Environment.ProcessId, address.Protocol == SyslogProtocol.Udp ? MostUdp : MostStream);
    }

    /// <inheritdoc/>
    public string Destination => $"syslog at {_address}";

    /// <inheritdoc/>
    public async Task<SendResult> SendAsync(IReadOnlyList<LogRecord> batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_patience);
        int sent = 0;
        try
        {
            Socket socket = await ConnectAsync(limit.Token).ConfigureAwait(false);
            if (_address.Protocol == SyslogProtocol.Udp)
            {
                for (; sent < batch.Count; sent++)
                {
                    await socket.SendAsync(_messages.Encode(batch[sent]), SocketFlags.None, limit.Token).ConfigureAwait(false);
                }
            }
            else
            {
                await _stream!.WriteAsync(Frames(batch), limit.Token).ConfigureAwait(false);
                await _stream.FlushAsync(limit.Token).ConfigureAwait(false);
            }

            return SendResult.Delivered(batch.Count);
        }
        catch (Exception fault) when (fault is SocketException or IOException or AuthenticationException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // How much of a frame went is not known, so the connection cannot go on.
            Close();
            string why = fault is OperationCanceledException ? string.Create(CultureInfo.InvariantCulture, $"no answer in {s_patience.TotalSeconds} s") : fault.Message;
            // A refused datagram is reported with the one after it.
            return SendResult.Retry($"{_address} does not take messages: {why.TrimEnd('.')}.", settled: Math.Max(0, sent - 1));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private async Task<Socket> ConnectAsync(CancellationToken cancellationToken)
    {
        // A receiver that has closed its side would swallow one more batch.
        if (_stream is not null && _socket!.Poll(0, SelectMode.SelectRead) && _socket.Available == 0)
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
        await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = _address.Host }, cancellationToken).ConfigureAwait(false);
        return secured;
    }

    // Octet counting: RFC 6587, 3.4.1, and RFC 5425, 4.3.
    private byte[] Frames(IReadOnlyList<LogRecord> batch)
    {
        var frames = new MemoryStream();
        foreach (LogRecord record in batch)
        {
            byte[] message = _messages.Encode(record);
            frames.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{message.Length} ")));
            frames.Write(message);
        }

        return frames.ToArray();
    }

    private void Close()
    {
        _stream?.Dispose();
        _socket?.Dispose();
        (_stream, _socket) = (null, null);
    }
}

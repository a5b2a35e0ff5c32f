using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Bee.Telemetry.Serving;

/// <summary>An address to listen on, from its text.</summary>
internal static class ListenAddress
{
    private const string Remedy = "Give ADDRESS:PORT, such as 127.0.0.1:9435 or [::1]:9435.";

    /// <summary>Reads an address.</summary>
    /// <param name="text">As <see cref="MetricServerOptions.Listen"/> has it.</param>
    /// <exception cref="MetricServerException"><see cref="MetricServerFault.InvalidAddress"/>.</exception>
    public static IPEndPoint Parse(string text)
    {
        var separator = text.LastIndexOf(':');
        var host = separator < 0 ? "127.0.0.1" : text[..separator];
        if (!ushort.TryParse(text.AsSpan(separator + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            throw Invalid(text, "its port is not a number from 0 to 65535");
        }

        if (host is "" or "*")
        {
            throw new MetricServerException(
                MetricServerFault.InvalidAddress,
                $"'{text}' names no address to listen on.",
                $"Name it: 127.0.0.1:{port} for this machine alone, 0.0.0.0:{port} or [::]:{port} for all.");
        }

        if (host is ['[', .. var inner, ']'])
        {
            return IPAddress.TryParse(inner, out var six) && six.AddressFamily == AddressFamily.InterNetworkV6
                ? new IPEndPoint(six, port)
                : throw Invalid(text, $"'{inner}' is not an IPv6 address");
        }

        if (host.Contains(':'))
        {
            throw Invalid(text, "an IPv6 address stands in brackets");
        }

        return new IPEndPoint(host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : Resolve(text, host), port);
    }

    /// <summary>Whether only this machine reaches an address.</summary>
    public static bool IsLoopback(IPAddress address) => IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    private static IPAddress Resolve(string text, string host)
    {
        if (IPAddress.TryParse(host, out var address))
        {
            return address;
        }

        try
        {
            return Dns.GetHostAddresses(host) is [var first, ..] ? first : throw Invalid(text, $"'{host}' has no address");
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            throw Invalid(text, $"'{host}' is not known: {exception.Message}");
        }
    }

    private static MetricServerException Invalid(string text, string reason) =>
        new(MetricServerFault.InvalidAddress, $"'{text}' is not an address to listen on: {reason}.", Remedy);
}

using System.Globalization;
using Bee.Telemetry.Logs;

namespace Bee.Telemetry.Syslog;

/// <summary>The transports of syslog.</summary>
internal enum SyslogProtocol
{
    /// <summary>One datagram for each message (RFC 5426). Losses go unnoticed.</summary>
    Udp,

    /// <summary>A TCP connection with octet counting (RFC 6587).</summary>
    Tcp,

    /// <summary>A TLS connection with octet counting (RFC 5425).</summary>
    Tls,
}

/// <summary>The address of a syslog receiver.</summary>
/// <param name="Protocol">The transport.</param>
/// <param name="Host">The name or address of the host.</param>
/// <param name="Port">The port.</param>
internal sealed record SyslogAddress(SyslogProtocol Protocol, string Host, int Port)
{
    private const int DefaultPort = 514, DefaultTlsPort = 6514;

    /// <summary>Parses <c>HOST</c> or <c>HOST:PORT</c>, optionally after <c>udp://</c>, <c>tcp://</c> or <c>tls://</c>. The default is UDP on port 514; TLS defaults to port 6514.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="LogException">The text is not an address.</exception>
    public static SyslogAddress Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        SyslogProtocol? protocol = (scheme < 0 ? "udp" : text[..scheme].ToLowerInvariant()) switch
        {
            "udp" => SyslogProtocol.Udp,
            "tcp" => SyslogProtocol.Tcp,
            "tls" => SyslogProtocol.Tls,
            _ => null,
        };
        string rest = (scheme < 0 ? text : text[(scheme + 3)..]).TrimEnd('/');
        (string host, string? port) = Split(rest);
        int number = protocol == SyslogProtocol.Tls ? DefaultTlsPort : DefaultPort;
        bool isPort = port is null || (int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number is > 0 and <= ushort.MaxValue);
        return protocol is { } known && isPort && Uri.CheckHostName(host) != UriHostNameType.Unknown
            ? new SyslogAddress(known, host, number)
            : throw Invalid(text);
    }

    // The text before an '@' may be a login.
    private static LogException Invalid(string text)
    {
        string what = text.Contains('@') || text.Contains("%40", StringComparison.Ordinal) ? "The text, which contains a login," : $"'{text}'";
        return new LogException(LogFault.InvalidAddress, $"{what} is not the address of a syslog receiver.", "Give HOST or HOST:PORT, optionally after udp://, tcp:// or tls://. An IPv6 address needs brackets.");
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Protocol.ToString().ToLowerInvariant()}://{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}");

    private static (string Host, string? Port) Split(string text)
    {
        if (text.StartsWith('['))
        {
            int end = text.IndexOf(']');
            return end < 0 ? ("", null) : text.Length == end + 1 ? (text[1..end], null) : text[end + 1] == ':' ? (text[1..end], text[(end + 2)..]) : ("", null);
        }

        int colon = text.LastIndexOf(':');
        return colon < 0 ? (text, null) : text.IndexOf(':') == colon ? (text[..colon], text[(colon + 1)..]) : (text, null);
    }
}

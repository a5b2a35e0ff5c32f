using System.Globalization;
using Bee.Telemetry.Logs;

namespace Bee.Telemetry.Syslog;

/// <summary>How messages reach a syslog receiver.</summary>
internal enum SyslogProtocol
{
    /// <summary>A datagram for each message (RFC 5426). Nothing tells that one was lost.</summary>
    Udp,

    /// <summary>A connection, each message with its length before it (RFC 6587).</summary>
    Tcp,

    /// <summary>The same over TLS (RFC 5425).</summary>
    Tls,
}

/// <summary>The address of a syslog receiver.</summary>
/// <param name="Protocol">How messages reach it.</param>
/// <param name="Host">A name or an address.</param>
/// <param name="Port">The port.</param>
internal sealed record SyslogAddress(SyslogProtocol Protocol, string Host, int Port)
{
    private const int DefaultPort = 514, DefaultTlsPort = 6514;

    /// <summary>Reads <c>HOST</c>, <c>HOST:PORT</c>, and the same behind <c>udp://</c>, <c>tcp://</c> or <c>tls://</c>. Without a scheme it is UDP, without a port 514, with TLS 6514.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="LogException">It has another form.</exception>
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

    // What stands before an '@' may be a login.
    private static LogException Invalid(string text)
    {
        string what = text.Contains('@') || text.Contains("%40", StringComparison.Ordinal) ? "The text, which has a login in it," : $"'{text}'";
        return new LogException(LogFault.InvalidAddress, $"{what} is not the address of a syslog receiver.", "Give HOST or HOST:PORT, with udp://, tcp:// or tls:// before it; an IPv6 address stands in brackets.");
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

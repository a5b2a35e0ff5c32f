using System.Buffers;
using System.Globalization;
using System.Text;
using Bee.Telemetry.Exposition;

namespace Bee.Telemetry.Serving;

/// <summary>The head of a request (RFC 9112), limited to the fields that a metrics server needs.</summary>
internal sealed class HttpRequest
{
    private static readonly SearchValues<byte> s_token = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private bool _hasHost;
    private bool _hasBody;
    private string? _connection;

    private HttpRequest(string method, string path, bool isHttp10) => (Method, Path, IsHttp10) = (method, path, isHttp10);

    /// <summary>The method, such as <c>GET</c>.</summary>
    public string Method { get; }

    /// <summary>The path of the target, without its query.</summary>
    public string Path { get; }

    /// <summary>Whether the client speaks HTTP/1.0.</summary>
    public bool IsHttp10 { get; }

    /// <summary>The field <c>Accept</c>; null if the request has none.</summary>
    public string? Accept { get; private set; }

    /// <summary>The field <c>Accept-Encoding</c>; null if the request has none.</summary>
    public string? AcceptEncoding { get; private set; }

    /// <summary>The field <c>Authorization</c>; null if the request has none.</summary>
    public string? Authorization { get; private set; }

    /// <summary>Whether the connection stays open after the response.</summary>
    public bool KeepsAlive => IsHttp10
        ? _connection?.Contains("keep-alive", StringComparison.OrdinalIgnoreCase) == true
        : _connection?.Contains("close", StringComparison.OrdinalIgnoreCase) != true;

    /// <summary>
    /// Reports whether bytes cannot be part of a head, because of control characters or a line feed without a carriage return. Clients that do not speak HTTP are refused
    /// at once instead of after the timeout.
    /// </summary>
    /// <param name="head">The bytes from the beginning of the request.</param>
    /// <param name="start">The first byte that was not checked yet.</param>
    public static bool IsGarbage(ReadOnlySpan<byte> head, int start)
    {
        for (var i = start; i < head.Length; i++)
        {
            var value = head[i];
            if (value is 0x7F or (< 0x20 and not ((byte)'\r' or (byte)'\n' or (byte)'\t')) || (value == '\n' && (i == 0 || head[i - 1] != '\r')) || (value != '\n' && i > 0 && head[i - 1] == '\r'))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Parses a head.</summary>
    /// <param name="head">The bytes up to the empty line, without it.</param>
    /// <param name="request">The request; null if it is not valid.</param>
    /// <returns>200, or the status to refuse the request with.</returns>
    public static int Parse(ReadOnlySpan<byte> head, out HttpRequest? request)
    {
        request = null;
        var line = NextLine(ref head);
        var first = line.IndexOf((byte)' ');
        var last = line.LastIndexOf((byte)' ');
        if (first <= 0 || last == first || line[..first].IndexOfAnyExcept(s_token) >= 0 || !line[(last + 1)..].StartsWith("HTTP/"u8))
        {
            return 400;
        }

        var version = line[(last + 1)..];
        if (!version.SequenceEqual("HTTP/1.1"u8) && !version.SequenceEqual("HTTP/1.0"u8))
        {
            return 505;
        }

        if (Path(line[(first + 1)..last]) is not { } path)
        {
            return 400;
        }

        var read = new HttpRequest(Encoding.ASCII.GetString(line[..first]), path, version[^1] == '0');
        while (!head.IsEmpty)
        {
            if (!read.Take(NextLine(ref head)))
            {
                return 400;
            }
        }

        if (!read._hasHost && !read.IsHttp10)
        {
            return 400;
        }

        if (read._hasBody)
        {
            return 413;
        }

        request = read;
        return 200;

        static string? Path(ReadOnlySpan<byte> target)
        {
            if (target.IndexOfAnyInRange((byte)0, (byte)' ') >= 0 || target.IndexOfAnyInRange((byte)0x7F, (byte)0xFF) >= 0)
            {
                return null;
            }

            var text = Encoding.ASCII.GetString(target);
            if (text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
            {
                var slash = text.IndexOf('/', text.IndexOf("//", StringComparison.Ordinal) + 2);
                text = slash < 0 ? "/" : text[slash..];
            }

            return text.StartsWith('/') ? text.Split('?', '#')[0] : text == "*" ? text : null;
        }
    }

    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> head)
    {
        var end = head.IndexOf("\r\n"u8);
        var line = end < 0 ? head : head[..end];
        head = end < 0 ? [] : head[(end + 2)..];
        return line;
    }

    private bool Take(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || line[..colon].IndexOfAnyExcept(s_token) >= 0)
        {
            return false;
        }

        var value = Encoding.Latin1.GetString(line[(colon + 1)..]).Trim(' ', '\t');
        switch (Encoding.ASCII.GetString(line[..colon]).ToLowerInvariant())
        {
            case "host":
                var isSecond = _hasHost;
                _hasHost = true;
                return !isSecond;
            case "authorization":
                var isFirst = Authorization is null;
                Authorization = value;
                return isFirst;
            case "accept":
                Accept = Accept is null ? value : $"{Accept},{value}";
                return true;
            case "accept-encoding":
                AcceptEncoding = AcceptEncoding is null ? value : $"{AcceptEncoding},{value}";
                return true;
            case "connection":
                _connection = _connection is null ? value : $"{_connection},{value}";
                return true;
            case "transfer-encoding":
                _hasBody = true;
                return true;
            case "content-length":
                _hasBody |= value != "0";
                return ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _);
            default:
                return true;
        }
    }
}

/// <summary>An answer with its body in memory, so that it is consistent and no source waits for a slow scraper.</summary>
internal sealed class HttpResponse(int status, string contentType, ExpositionBuffer body) : IDisposable
{
    /// <summary>The status.</summary>
    public int Status { get; } = status;

    /// <summary>The body.</summary>
    public ReadOnlyMemory<byte> Body => body.Written;

    /// <summary>Further header lines, each with its line end.</summary>
    public string Fields { get; init; } = "";

    /// <summary>Creates an answer with one line of text.</summary>
    public static HttpResponse Text(int status, string text, string fields = "")
    {
        var body = new ExpositionBuffer();
        body.AppendText(text);
        body.Append((byte)'\n');
        return new HttpResponse(status, "text/plain; charset=utf-8", body) { Fields = fields };
    }

    /// <summary>Returns the head, including the empty line at its end.</summary>
    /// <param name="keepsAlive">Whether the connection stays open.</param>
    public byte[] Head(bool keepsAlive) => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"HTTP/1.1 {Status} {Reason}\r\nDate: {DateTime.UtcNow:R}\r\nContent-Type: {contentType}\r\nContent-Length: {body.Length}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n{Fields}Connection: {(keepsAlive ? "keep-alive" : "close")}\r\n\r\n"));

    /// <summary>Releases the memory of the body.</summary>
    public void Dispose() => body.Dispose();

    private string Reason => Status switch
    {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "Internal Server Error",
    };
}

/// <summary>The reasons to reject a connection or a request.</summary>
internal enum RejectReason
{
    /// <summary>The maximum number of connections is reached.</summary>
    Connections,
    /// <summary>The request is not HTTP, is too large or has a body.</summary>
    Request,
    /// <summary>The client took too long.</summary>
    Timeout,
    /// <summary>The TLS handshake failed.</summary>
    Tls,
    /// <summary>The token is missing or wrong.</summary>
    Token,
}

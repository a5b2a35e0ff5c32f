using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Web;

namespace Bee.Registries;

/// <summary>A request, and the connection for its response.</summary>
public sealed class HttpExchange
{
    private const int LongestLine = 64 << 10;

    private readonly TcpClient _client;
    private readonly Stream _stream;
    private bool _answered;
    private bool _keep = true;

    private HttpExchange(TcpClient client, Stream stream, Stream input, string method, string target, Dictionary<string, string> headers, CancellationToken cancellationToken)
    {
        (_client, _stream, Method, Target, Headers, End) = (client, stream, method, target, headers, cancellationToken);
        int query = target.IndexOf('?');
        Path = Uri.UnescapeDataString(query < 0 ? target : target[..query]);
        var parsed = HttpUtility.ParseQueryString(query < 0 ? "" : target[query..]);
        Query = parsed.AllKeys.Where(key => key is not null).ToDictionary(key => key!, key => parsed.GetValues(key)!.Last());
        Scopes = parsed.GetValues("scope") ?? [];
        Body = new HttpBody(input, headers, async () => await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), cancellationToken));
    }

    /// <summary>The method: GET, PUT …</summary>
    public string Method { get; }

    /// <summary>The path and query as sent.</summary>
    public string Target { get; }

    /// <summary>The path.</summary>
    public string Path { get; }

    /// <summary>The values in the query; the last one for each name.</summary>
    public IReadOnlyDictionary<string, string> Query { get; }

    /// <summary>All values of <c>scope</c> in the query.</summary>
    public IReadOnlyList<string> Scopes { get; }

    /// <summary>The headers, by names in any case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>The body of the request. A test can replace the stream.</summary>
    public Stream Body { get; set; }

    /// <summary>Canceled when the server stops.</summary>
    public CancellationToken End { get; }

    /// <summary>Returns the value of a header; null if it is missing.</summary>
    public string? Header(string name) => Headers.TryGetValue(name, out string? value) ? value : null;

    /// <summary>Reads the request body to its end.</summary>
    public async Task<byte[]> ReadBodyAsync()
    {
        using var bytes = new MemoryStream();
        await Body.CopyToAsync(bytes, End);
        return bytes.ToArray();
    }

    /// <summary>Sends a response.</summary>
    public async Task SendAsync(HttpAnswer answer)
    {
        await SendHeadAsync(answer);
        if (Method != "HEAD" && answer.Body.Length > 0)
        {
            await WriteAsync(answer.Body);
        }
    }

    /// <summary>Sends the status line and the headers without the body. Adds the body's Content-Length if the headers have none.</summary>
    public async Task SendHeadAsync(HttpAnswer answer)
    {
        _answered = true;
        var text = new StringBuilder($"HTTP/1.1 {answer.Status} {(answer.Status < 400 ? "OK" : "Not OK")}\r\n");
        foreach ((string name, string value) in answer.Headers)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        if (!answer.Headers.ContainsKey("Content-Length") && !answer.Headers.ContainsKey("Transfer-Encoding") && answer.Status is not 204)
        {
            text.Append(CultureInfo.InvariantCulture, $"Content-Length: {answer.Body.Length}\r\n");
        }

        await WriteAsync(Encoding.Latin1.GetBytes(text.Append("\r\n").ToString()));
    }

    /// <summary>Sends raw bytes.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        _answered = true;
        await _stream.WriteAsync(bytes, End);
        await _stream.FlushAsync(End);
    }

    /// <summary>Closes the connection after this response, without a reset.</summary>
    public void Close() => _keep = false;

    /// <summary>Waits until the client closes the connection, or the server stops.</summary>
    public async Task WaitForClientAsync()
    {
        byte[] rest = new byte[4096];
        while (await _client.GetStream().ReadAsync(rest, End) > 0)
        {
            // Discards further bytes of the client.
        }

        throw new CutException();
    }

    /// <summary>Resets the connection.</summary>
    public void Cut()
    {
        _client.LingerState = new LingerOption(true, 0);
        throw new CutException();
    }

    internal async Task<bool> FinishAsync()
    {
        if (!_answered || !_keep)
        {
            return false;
        }

        // Unread bytes would cause a reset, which loses the response, or would be parsed as the next request.
        await Body.CopyToAsync(Stream.Null, End);
        return !string.Equals(Header("Connection"), "close", StringComparison.OrdinalIgnoreCase);
    }

    internal static async Task<HttpExchange?> ReadAsync(TcpClient client, Stream stream, Stream input, CancellationToken cancellationToken)
    {
        byte[] one = new byte[1];
        if (await input.ReadAsync(one, cancellationToken) == 0)
        {
            return null;
        }

        if (!char.IsAsciiLetterUpper((char)one[0]))
        {
            // Probably TLS. Servers reply like this instead of waiting for the end of the line.
            await stream.WriteAsync("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nthis is plain http"u8.ToArray(), cancellationToken);
            return null;
        }

        string first = (char)one[0] + await ReadLineAsync(input, cancellationToken);
        if (first.Split(' ') is not [var method, var target, _])
        {
            return null;
        }

        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await ReadLineAsync(input, cancellationToken) is { Length: > 0 } line)
        {
            int colon = line.IndexOf(':');
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        return new HttpExchange(client, stream, input, method, target, headers, cancellationToken);
    }

    internal static async Task<string?> ReadLineAsync(Stream input, CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        byte[] one = new byte[1];
        while (line.Length < LongestLine)
        {
            if (await input.ReadAsync(one, cancellationToken) == 0)
            {
                return null;
            }

            if (one[0] == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append((char)one[0]);
        }

        throw new CutException();
    }
}

/// <summary>A response.</summary>
/// <param name="Status">The status code.</param>
public sealed record HttpAnswer(int Status)
{
    /// <summary>The headers, by names in any case.</summary>
    public Dictionary<string, string> Headers { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The body, which is not sent for HEAD.</summary>
    public byte[] Body { get; init; } = [];

    /// <summary>Returns a JSON response.</summary>
    public static HttpAnswer Json(int status, string json, string mediaType = "application/json") =>
        new(status) { Headers = { ["Content-Type"] = mediaType }, Body = Encoding.UTF8.GetBytes(json) };

    /// <summary>Returns a copy with another header, or without it if the value is null.</summary>
    public HttpAnswer With(string header, string? value)
    {
        var headers = new Dictionary<string, string>(Headers, StringComparer.OrdinalIgnoreCase);
        headers.Remove(header);
        if (value is not null)
        {
            headers[header] = value;
        }

        return this with { Headers = headers };
    }
}

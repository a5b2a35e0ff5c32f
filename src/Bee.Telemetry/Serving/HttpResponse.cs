using System.Globalization;
using System.Text;
using Bee.Telemetry.Exposition;

namespace Bee.Telemetry.Serving;

/// <summary>An answer with its body in memory, so that what it tells is of one moment and no source waits for a scraper.</summary>
internal sealed class HttpResponse(int status, string contentType, ExpositionBuffer body) : IDisposable
{
    /// <summary>The status.</summary>
    public int Status { get; } = status;

    /// <summary>The body.</summary>
    public ReadOnlyMemory<byte> Body => body.Written;

    /// <summary>Further lines of the head, each with its end.</summary>
    public string Fields { get; init; } = "";

    /// <summary>Makes an answer of one line of text.</summary>
    public static HttpResponse Text(int status, string text, string fields = "")
    {
        var body = new ExpositionBuffer();
        body.AppendText(text);
        body.Append((byte)'\n');
        return new HttpResponse(status, "text/plain; charset=utf-8", body) { Fields = fields };
    }

    /// <summary>Returns the head, with the empty line behind it.</summary>
    /// <param name="keepsAlive">Whether the connection stays open.</param>
    public byte[] Head(bool keepsAlive) => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"HTTP/1.1 {Status} {Reason}\r\nDate: {DateTime.UtcNow:R}\r\nContent-Type: {contentType}\r\nContent-Length: {body.Length}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n{Fields}Connection: {(keepsAlive ? "keep-alive" : "close")}\r\n\r\n"));

    /// <summary>Gives the body's memory back.</summary>
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

using System.Text;
using Bee.Mutation;
using Bee.Telemetry.Exposition;
using Bee.Telemetry.Serving;
using Xunit.Abstractions;

namespace Bee.Telemetry.Tests.Serving;

/// <summary>Damaged requests are refused with a status, without other effects.</summary>
public class HttpRequestMutationTests(ITestOutputHelper output)
{
    [Fact]
    public void Damaged_requests_are_read_or_refused()
    {
        var mutator = new TextMutator(
            [
                Encoding.ASCII.GetBytes("GET /metrics HTTP/1.1\r\nHost: x:9435\r\nAccept: application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1\r\nAccept-Encoding: gzip\r\nConnection: close"),
                Encoding.ASCII.GetBytes("GET http://x/readyz?a=b HTTP/1.0\r\nAuthorization: Bearer secret\r\nContent-Length: 0\r\nConnection: keep-alive"),
            ],
            ["\r\n", "\n", "\r", " ", "\t", ":", "\0", "HTTP/1.1", "HTTP/2.0", "GET", "/", "?", "*", "://", ";q=", ";q=1e400", ";q=-1", ",", "=", "\"", "Host: y\r\n", "Content-Length: 99999999999999999999\r\n", "\u00e4", new string('a', 300)],
            (byte)':',
            [(byte)'\r']);

        new ReaderRun("requests", mutator.Make, (bytes, _) => Read(bytes), exception => false).Execute(output.WriteLine);
    }

    private static void Read(byte[] bytes)
    {
        HttpRequest.IsGarbage(bytes, 0);
        var status = HttpRequest.Parse(bytes, out var request);
        if (status is not (200 or 400 or 413 or 505) || (status == 200) != (request is not null))
        {
            throw new InvalidOperationException($"status {status}");
        }

        if (request is not null)
        {
            _ = request.KeepsAlive;
            ContentNegotiation.Format(request.Accept);
            ContentNegotiation.AllowsGzip(request.AcceptEncoding);
            if (request.Path is not (['/', ..] or "*"))
            {
                throw new InvalidOperationException($"path {request.Path}");
            }
        }
    }
}

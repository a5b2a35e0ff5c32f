using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text.Json;
using Bee.Registries;
using Bee.Telemetry.Otlp;

namespace Bee.Telemetry.Tests.Otlp;

/// <summary>An OTLP receiver that keeps the requests and returns the given answers.</summary>
internal sealed class Receiver : IDisposable
{
    private readonly HttpServer _server;
    private readonly Func<int, HttpExchange, Task> _answer;
    private readonly ConcurrentQueue<Received> _received = new();
    private readonly SemaphoreSlim _came = new(0);
    private int _count;

    /// <param name="answer">Answers a request by its number, from 1, after its body was read.</param>
    /// <param name="authority">The certificate for TLS; null for plain HTTP.</param>
    public Receiver(Func<int, HttpExchange, Task>? answer = null, TestAuthority? authority = null)
    {
        _answer = answer ?? ((_, exchange) => exchange.SendAsync(new HttpAnswer(200)));
        _server = new HttpServer(HandleAsync, authority);
    }

    public Uri Address => _server.Address;

    public IReadOnlyList<Received> Requests => [.. _received];

    public static Receiver Answering(params HttpAnswer[] answers) => new((number, exchange) => exchange.SendAsync(answers[Math.Min(number, answers.Length) - 1]));

    /// <summary>Waits for so many more requests.</summary>
    public void Wait(int count = 1)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.True(_came.Wait(Bee.Tests.Wait.Limit), "No request came.");
        }
    }

    public OtlpOptions Options(OtlpProtocol protocol = OtlpProtocol.Json, params (string Name, string Value)[] headers) => new()
    {
        Endpoint = new Uri(Address, "/v1/any"),
        Protocol = protocol,
        Interval = TimeSpan.FromHours(1),
        Headers = [.. headers.Select(header => new KeyValuePair<string, string>(header.Name, header.Value))],
        Resource = [new("service.name", "tests")],
    };

    public void Dispose()
    {
        _server.Dispose();
        _came.Dispose();
    }

    private async Task HandleAsync(HttpExchange exchange)
    {
        var body = await exchange.ReadBodyAsync();
        if (exchange.Header("Content-Encoding") == "gzip")
        {
            using var gzip = new GZipStream(new MemoryStream(body), CompressionMode.Decompress);
            using var plain = new MemoryStream();
            await gzip.CopyToAsync(plain);
            body = plain.ToArray();
        }

        _received.Enqueue(new Received(exchange.Target, exchange.Headers, body));
        _came.Release();
        await _answer(Interlocked.Increment(ref _count), exchange);
    }
}

/// <summary>A received request.</summary>
internal sealed record Received(string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;
}

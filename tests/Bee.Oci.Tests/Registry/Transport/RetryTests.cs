using System.Diagnostics;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Authentication;
using Bee.Oci.Registry.Client;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry;

public sealed class RetryTests
{
    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    [InlineData(507)]
    public async Task What_passes_is_tried_again(int status)
    {
        int count = 0;
        var notes = new List<RegistryNote>();
        using var registry = new Wire(_ => Interlocked.Increment(ref count) < 3 ? new HttpAnswer(status) : Wire.Ok("at last"));

        Assert.Equal((200, "at last"), await registry.GetAsync(Wire.Quick with { Note = notes.Add }));
        Assert.Equal(3, count);
        Assert.Equal(2, notes.Count);
        Assert.All(notes, note => Assert.False(note.IsWarning));
        Assert.Contains($"{status}", notes[0].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(405)]
    [InlineData(416)]
    [InlineData(501)]
    public async Task What_stays_is_not(int status)
    {
        using var registry = new Wire(_ => new HttpAnswer(status));

        Assert.Equal(status, (await registry.GetAsync()).Status);
        Assert.Single(registry.Requests);
    }

    [Fact]
    public async Task A_storm_ends_with_the_last_answer()
    {
        using var registry = new Wire(_ => HttpAnswer.Json(503, "{\"errors\":[]}"));

        Assert.Equal((503, "{\"errors\":[]}"), await registry.GetAsync());
        Assert.Equal(4, registry.Requests.Count);
    }

    [Fact]
    public async Task Each_retry_sends_the_whole_body()
    {
        var received = new List<int>();
        using var registry = new Wire(async request =>
        {
            received.Add((await request.ReadBodyAsync()).Length);
            await request.SendAsync(new HttpAnswer(received.Count < 3 ? 500 : 201));
        });

        Assert.Equal(201, await registry.PutAsync(new byte[100_000]));
        Assert.Equal([100_000, 100_000, 100_000], received);
    }

    [Fact]
    public async Task A_broken_connection_is_tried_again()
    {
        int count = 0;
        using var registry = new Wire(request =>
        {
            if (Interlocked.Increment(ref count) < 3)
            {
                request.Cut();
            }

            return Wire.Ok("there");
        });

        Assert.Equal((200, "there"), await registry.GetAsync());
    }

    [Fact]
    public async Task One_that_always_breaks_is_an_error()
    {
        using var registry = new Wire((Func<HttpExchange, Task>)(request =>
        {
            request.Cut();
            return Task.CompletedTask;
        }));

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync());

        Assert.Equal(RegistryFault.Broken, error.Fault);
        Assert.True(registry.Requests.Count >= 4);
    }

    [Theory]
    [InlineData(503, 1)]
    [InlineData(408, 1)]
    [InlineData(429, 4)]
    public async Task What_must_not_be_repeated_is_not(int status, int requests)
    {
        using var registry = new Wire(_ => new HttpAnswer(status));

        Assert.Equal(status, await registry.PutAsync([1], repeat: false));
        Assert.Equal(requests, registry.Requests.Count);
    }

    [Fact]
    public async Task The_registrys_Retry_After_is_respected()
    {
        int count = 0;
        using var registry = new Wire(_ => count++ == 0 ? new HttpAnswer(429).With("Retry-After", "1") : Wire.Ok());
        long started = Stopwatch.GetTimestamp();

        Assert.Equal(200, (await registry.GetAsync(Wire.Quick with { LongestPause = TimeSpan.FromSeconds(20) })).Status);

        // Not earlier than Retry-After. How much later depends on the machine.
        Assert.True(Stopwatch.GetElapsedTime(started) >= TimeSpan.FromSeconds(0.99));
    }

    [Theory]
    [InlineData("86400")]
    [InlineData("Fri, 31 Dec 2999 23:59:59 GMT")]
    [InlineData("-5")]
    [InlineData("soon")]
    public async Task An_invalid_or_too_long_Retry_After_is_ignored(string asked)
    {
        int count = 0;
        using var registry = new Wire(_ => count++ == 0 ? new HttpAnswer(503).With("Retry-After", asked) : Wire.Ok());

        Assert.Equal(200, (await registry.GetAsync()).Status);
    }

    [Fact]
    public async Task Nobody_there_is_said_at_once()
    {
        string host;
        using (var gone = new Wire(_ => Wire.Ok()))
        {
            host = gone.Host;
        }

        var notes = new List<RegistryNote>();
        using var transport = new RegistryTransport(host, Wire.Quick with { Note = notes.Add });
        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => Wire.GetAsync(transport));

        Assert.Equal(RegistryFault.Unreachable, error.Fault);
        Assert.Contains(host, error.Message, StringComparison.Ordinal);
        Assert.Empty(notes);
    }

    [Fact]
    public async Task Cancelling_ends_a_pause()
    {
        using var cancel = new CancellationTokenSource();
        using var registry = new Wire(_ => new HttpAnswer(503).With("Retry-After", "600"));
        using RegistryTransport transport = registry.Transport(new RegistryOptions { LongestPause = TimeSpan.FromHours(1), Note = _ => cancel.Cancel() });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => transport.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, "v2/"), RegistryScope.None, cancel.Token));
    }

    [Fact]
    public async Task Content_that_cannot_be_read_is_not_the_registrys_fault()
    {
        using var registry = new Wire(_ => new HttpAnswer(201));
        using RegistryTransport transport = registry.Transport();

        await Assert.ThrowsAsync<StoreException>(() => transport.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Put, "v2/x") { Content = new StreamContent(new Unreadable()) }, RegistryScope.None, CancellationToken.None));
    }

    private sealed class Unreadable : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new StoreException(StoreFault.Io, "no more");

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) => throw new StoreException(StoreFault.Io, "no more");
    }
}

using Bee.Oci.Registry;
using Bee.Oci.Registry.Authentication;
using Bee.Oci.Registry.Client;
using Bee.Oci.Registry.Transport;
using Bee.Oci.Repositories;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry;

public sealed class TimeoutTests
{
    private static readonly RegistryOptions s_short = Wire.Quick with { HeaderTimeout = TimeSpan.FromMilliseconds(300), IdleTimeout = TimeSpan.FromMilliseconds(300) };

    // Long enough for responses on a busy machine.
    private static readonly RegistryOptions s_longer = Wire.Quick with { HeaderTimeout = TimeSpan.FromSeconds(20), IdleTimeout = TimeSpan.FromSeconds(2) };

    [Fact]
    public async Task Silence_is_an_error_and_not_tried_again()
    {
        using var registry = new Wire(request => request.WaitForClientAsync());

        Assert.Equal(RegistryFault.TimedOut, (await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(s_short))).Fault);
        Assert.Single(registry.Requests);
    }

    [Fact]
    public async Task A_stalled_body_is_an_error()
    {
        using var registry = new Wire(async request =>
        {
            await request.SendHeadAsync(new HttpAnswer(200).With("Content-Length", "100"));
            await request.WriteAsync(new byte[10]);
            await request.WaitForClientAsync();
        });

        Assert.Equal(RegistryFault.TimedOut, (await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(s_short))).Fault);
    }

    [Fact]
    public async Task A_body_that_takes_longer_than_the_timeout_and_moves_is_read()
    {
        byte[] piece = Enumerable.Repeat((byte)'x', IdleStream.Least).ToArray();
        using var registry = new Wire(async request =>
        {
            await request.SendHeadAsync(new HttpAnswer(200).With("Content-Length", $"{12 * piece.Length}"));
            for (int i = 0; i < 12; i++)
            {
                await request.WriteAsync(piece);
                await Task.Delay(200);
            }
        });

        Assert.Equal((200, new string('x', 12 * piece.Length)), await registry.GetAsync(s_longer));
    }

    [Fact]
    public async Task A_body_that_trickles_times_out()
    {
        using var registry = new FaultyRegistry();
        registry.Inject(Stage.Ping, Faults.TrickleAnswer(new HttpAnswer(200) { Body = new byte[4096] }));
        using var transport = new RegistryTransport(registry.Host, s_short);

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => Wire.GetAsync(transport));

        Assert.Equal(RegistryFault.TimedOut, error.Fault);
        Assert.Contains("bytes came from", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, RegistryFault.TimedOut)]
    [InlineData(401, RegistryFault.Unauthorized)]
    [InlineData(503, RegistryFault.ServerError)]
    public async Task A_token_service_that_trickles_does_not_hold_the_client(int status, RegistryFault fault)
    {
        using var tokens = new FaultyRegistry();
        tokens.Inject(Stage.Ping, Faults.TrickleAnswer(new HttpAnswer(status) { Body = new byte[4096] }));
        using var registry = new Wire(_ => Wire.Unauthorized($"Bearer realm=\"{tokens.Address}v2/\""));

        Assert.Equal(fault, (await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(s_longer))).Fault);
    }

    [Fact]
    public async Task A_slow_error_body_is_skipped_and_the_status_is_reported()
    {
        using var registry = new FaultyRegistry(new FaultyRegistryOptions { Users = new Dictionary<string, string> { ["ada"] = "s3cret-of-ada" } });
        registry.Inject(Stage.GetManifest, Faults.TrickleAnswer(new HttpAnswer(403) { Body = new byte[4096] }));
        using var client = new RemoteRegistry(registry.Host, s_longer with { Credentials = OneCredential.Password() });

        Assert.Equal(RegistryFault.Denied, (await Assert.ThrowsAsync<RegistryException>(() => client.Repository("me/tool").FetchManifestAsync("v1", default))).Fault);
    }

    [Theory]
    [InlineData(Stage.Tags)]
    [InlineData(Stage.Catalog)]
    [InlineData(Stage.Referrers)]
    public async Task A_list_that_trickles_times_out(Stage stage)
    {
        using var registry = new FaultyRegistry();
        registry.Inject(stage, Faults.TrickleAnswer(HttpAnswer.Json(200, new string(' ', 4096))));
        using var client = new RemoteRegistry(registry.Host, s_short);
        IRepository repository = client.Repository("me/tool");

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(async () =>
        {
            await foreach (object _ in stage == Stage.Tags ? repository.TagsAsync(default) : stage == Stage.Catalog ? client.RepositoriesAsync(default) : (IAsyncEnumerable<object>)repository.ReferrersAsync(Oci.Formats.Digest.Parse(MemoryRepository.Digest("x"u8)), default))
            {
            }
        });
        Assert.Equal(RegistryFault.TimedOut, error.Fault);
    }

    [Fact]
    public async Task Redirects_that_each_take_their_time_are_not_followed_for_longer_than_the_timeout()
    {
        int hops = 0;
        using var registry = new Wire(async request =>
        {
            await Task.Delay(200);
            await request.SendAsync(new HttpAnswer(307).With("Location", $"/v2/{++hops}"));
        });

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(s_short with { HeaderTimeout = TimeSpan.FromSeconds(20) }));

        Assert.Equal(RegistryFault.TimedOut, error.Fault);
        Assert.True(hops < 10, $"{hops} redirects were followed.");
    }

    [Fact]
    public async Task A_broken_body_differs_from_a_complete_one()
    {
        using var registry = new Wire(async request =>
        {
            await request.SendHeadAsync(new HttpAnswer(200).With("Content-Length", "100"));
            await request.WriteAsync(new byte[10]);
            request.Close();
        });

        Assert.Equal(RegistryFault.Broken, (await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync())).Fault);
    }

    [Fact]
    public async Task An_upload_that_the_server_does_not_read_is_an_error()
    {
        using var registry = new Wire(async request => await Task.Delay(Timeout.Infinite, request.End));

        Assert.Equal(RegistryFault.TimedOut, (await Assert.ThrowsAsync<RegistryException>(() => registry.PutAsync(new byte[64 << 20], s_short))).Fault);
    }

    [Fact]
    public async Task Cancellation_is_not_a_timeout()
    {
        using var cancel = new CancellationTokenSource();
        using var registry = new Wire(request =>
        {
            cancel.Cancel();
            return request.WaitForClientAsync();
        });
        using RegistryTransport transport = registry.Transport();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => transport.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, "v2/"), RegistryScope.None, cancel.Token));
    }
}

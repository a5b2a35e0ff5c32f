using System.Collections.Concurrent;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Registries;
using static Bee.Oci.Tests.Registry.Client.Samples;

namespace Bee.Oci.Tests.Registry.Client;

/// <summary>Uploads blobs to registries that use every variant of the specification, or fail.</summary>
public sealed class UploadTests
{
    private const int Chunk = 256 << 10;

    private readonly byte[] _large = Bytes((3 * Chunk) + 1000);
    private readonly byte[] _small = Bytes(20_000);

    public static TheoryData<LocationStyle, bool> Places => new()
    {
        { LocationStyle.Absolute, false },
        { LocationStyle.Absolute, true },
        { LocationStyle.Root, false },
        { LocationStyle.Root, true },
        { LocationStyle.Relative, false },
        { LocationStyle.Relative, true },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public async Task The_location_of_an_upload_can_have_any_form(LocationStyle style, bool queries)
    {
        using var server = new FaultyRegistry(new FaultyRegistryOptions { Locations = style, LocationQueries = queries });
        Injection cut = server.Inject(Stage.Patch, Faults.CutRequest(100_000), times: 1, skip: 1);
        await PushAsync(server, _small);
        await PushAsync(server, _large);
        Assert.Equal((1, 1), (cut.Hits, server.Count(Stage.UploadStatus)));
    }

    [Fact]
    public async Task Small_blobs_go_in_one_request_and_large_ones_in_chunks()
    {
        using var server = new FaultyRegistry();
        await PushAsync(server, _small);
        Assert.Equal((1, 0, 1), (server.Count(Stage.StartUpload), server.Count(Stage.Patch), server.Count(Stage.PutUpload)));
        await PushAsync(server, _large);
        Assert.Equal((2, 4, 2), (server.Count(Stage.StartUpload), server.Count(Stage.Patch), server.Count(Stage.PutUpload)));
        Assert.Equal(
            [$"0-{Chunk - 1}", $"{Chunk}-{(2 * Chunk) - 1}", $"{2 * Chunk}-{(3 * Chunk) - 1}", $"{3 * Chunk}-{(3 * Chunk) + 999}"],
            Ranges(server));
    }

    [Fact]
    public async Task Chunks_are_as_long_as_the_registry_wants_them()
    {
        using var server = new FaultyRegistry(new FaultyRegistryOptions { SmallestChunk = 2 * Chunk });
        await PushAsync(server, _large);
        Assert.Equal([$"0-{(2 * Chunk) - 1}", $"{2 * Chunk}-{_large.Length - 1}"], Ranges(server));

        // One chunk would contain the whole blob.
        using var larger = new FaultyRegistry(new FaultyRegistryOptions { SmallestChunk = 16 * Chunk });
        await PushAsync(larger, _large);
        Assert.Equal(0, larger.Count(Stage.Patch));
    }

    [Fact]
    public async Task After_a_broken_chunk_only_the_bytes_that_the_registry_lacks_are_sent()
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.Patch, Faults.CutRequest(100_000), times: 1, skip: 1);
        await PushAsync(server, _large);
        Assert.Equal((1, 1), (server.Count(Stage.StartUpload), server.Count(Stage.UploadStatus)));
        Assert.Equal($"{Chunk + 100_000}-{(2 * Chunk) + 100_000 - 1}", Ranges(server)[2]);
    }

    [Fact]
    public async Task A_chunk_whose_answer_was_lost_is_not_sent_again()
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.Patch, Faults.CutBeforeAnswer, times: 2);
        await PushAsync(server, _large);
        Assert.Equal((1, 4, 2), (server.Count(Stage.StartUpload), server.Count(Stage.Patch), server.Count(Stage.UploadStatus)));
    }

    [Theory]
    [InlineData(20_000)]
    [InlineData((3 * Chunk) + 1000)]
    public async Task A_blob_whose_last_answer_was_lost_is_not_sent_again(int length)
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.PutUpload, Faults.CutBeforeAnswer, times: 1);
        await PushAsync(server, Bytes(length));
        Assert.Equal((1, 1), (server.Count(Stage.StartUpload), server.Count(Stage.PutUpload)));
    }

    [Fact]
    public async Task An_upload_that_the_registry_has_forgotten_begins_anew()
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.Patch, Faults.Cut, times: 1, skip: 1);
        server.Inject(Stage.UploadStatus, Faults.Error(404, "BLOB_UPLOAD_UNKNOWN"), times: 1);
        await PushAsync(server, _large);
        Assert.Equal(2, server.Count(Stage.StartUpload));
    }

    [Fact]
    public async Task A_registry_that_reports_too_many_bytes_receives_the_blob_from_the_beginning()
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.Patch, Faults.CutRequest(500), times: 1, skip: 3);
        server.Inject(Stage.UploadStatus, Faults.Header("Range", $"0-{(3 * Chunk) + 999}"), times: 1);
        await PushAsync(server, _large);
        Assert.Equal(2, server.Count(Stage.StartUpload));
    }

    [Fact]
    public async Task A_registry_that_has_one_byte_and_cannot_say_so_gets_the_blob_from_the_beginning()
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.Patch, Faults.CutRequest(1), times: 1);
        await PushAsync(server, _large);
        Assert.Equal(2, server.Count(Stage.StartUpload));
    }

    [Fact]
    public async Task A_chunk_at_the_wrong_place_is_asked_about()
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.Patch, Faults.Status(416), times: 1, skip: 1);
        await PushAsync(server, _large);
        Assert.Equal((1, 1), (server.Count(Stage.StartUpload), server.Count(Stage.UploadStatus)));
    }

    [Theory]
    [InlineData(405, "UNSUPPORTED")]
    [InlineData(415, "UNSUPPORTED")]
    public async Task A_registry_without_chunks_gets_large_blobs_in_one_piece(int status, string code)
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.Patch, Faults.Error(status, code));
        await PushAsync(server, _large);
        Assert.Equal((1, 2, 1), (server.Count(Stage.Patch), server.Count(Stage.StartUpload), server.Count(Stage.PutUpload)));
    }

    [Fact]
    public async Task What_broke_in_one_piece_begins_anew()
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.PutUpload, Faults.CutRequest(5000), times: 2);
        await PushAsync(server, _small);
        Assert.Equal(3, server.Count(Stage.StartUpload));
    }

    [Fact]
    public async Task A_connection_that_breaks_each_time_is_an_error_and_the_upload_is_taken_back()
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.Patch, Faults.Cut);
        var broken = await Assert.ThrowsAsync<RegistryException>(() => PushAsync(server, _large));
        Assert.Equal(RegistryFault.Broken, broken.Fault);
        Assert.Equal(1 + Quick.Retries, server.Count(Stage.Patch));
        Assert.Equal((0, 0), (server.Repository("x").OpenUploads, server.Repository("x").Blobs.Count));
    }

    [Fact]
    public async Task Each_connection_may_break_as_long_as_it_brings_something()
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.Patch, Faults.CutRequest(50_000), times: 12);
        await PushAsync(server, _large);
        Assert.Equal(1, server.Count(Stage.StartUpload));
    }

    [Fact]
    public async Task A_cancelled_upload_is_deleted()
    {
        using var server = new FaultyRegistry();
        using var stop = new CancellationTokenSource();
        server.Inject(Stage.Patch, (exchange, _) =>
        {
            stop.Cancel();
            return exchange.WaitForClientAsync();
        }, skip: 1);
        using var registry = new RemoteRegistry(server.Host, Quick);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => registry.Repository("x").PushAsync(Blob(_large), () => new MemoryStream(_large), null, stop.Token));
        Assert.Equal((1, 0), (server.Count(Stage.CancelUpload), server.Repository("x").OpenUploads));
    }

    [Fact]
    public async Task Progress_returns_to_the_bytes_that_the_registry_has()
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.Patch, Faults.Cut, times: 1, skip: 1);
        var seen = new ConcurrentQueue<long>();
        using var registry = new RemoteRegistry(server.Host, Quick);
        await registry.Repository("x").PushAsync(Blob(_large), () => new MemoryStream(_large), new Reports(seen.Enqueue));
        Assert.Contains(Chunk, seen);
        Assert.Equal(_large.Length, seen.Last());
        Assert.All(seen, done => Assert.InRange(done, 0, _large.Length));
    }

    [Theory]
    [InlineData(null, RegistryFault.BadAnswer)]
    [InlineData("ftp://elsewhere/x", RegistryFault.BadAnswer)]
    [InlineData("http://", RegistryFault.BadAnswer)]
    [InlineData("http://me:secret@127.0.0.1/x", RegistryFault.Unsafe)]
    public async Task An_invalid_location_is_an_error(string? location, RegistryFault fault)
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.StartUpload, Faults.Header("Location", location));
        var wrong = await Assert.ThrowsAsync<RegistryException>(() => PushAsync(server, _small));
        Assert.Equal(fault, wrong.Fault);
        Assert.DoesNotContain("secret", wrong.ToString());
    }

    [Fact]
    public async Task A_report_of_more_bytes_than_were_sent_is_ignored()
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.Patch, Faults.Header("Range", $"0-{(2 * Chunk) - 1}"), times: 1);
        Assert.Equal(RegistryFault.BadAnswer, (await Assert.ThrowsAsync<RegistryException>(() => PushAsync(server, _large))).Fault);
    }

    [Fact]
    public async Task Another_host_receives_an_upload_without_credentials()
    {
        using var store = new FaultyRegistry();
        using var server = new FaultyRegistry(new FaultyRegistryOptions { Users = new Dictionary<string, string> { ["me"] = "pass" } });
        using var other = new RemoteRegistry(store.Host, Quick);
        server.Inject(Stage.StartUpload, async (exchange, serve) =>
        {
            HttpAnswer answer = await serve();
            if (answer.Status == 202)
            {
                using var http = new HttpClient();
                using HttpResponseMessage begun = await http.PostAsync($"{store.Address}v2/x/blobs/uploads/", new ByteArrayContent([]));
                answer = answer.With("Location", begun.Headers.Location!.ToString());
            }

            await exchange.SendAsync(answer);
        });
        using var registry = new RemoteRegistry(server.Host, Quick with { Credentials = new Login() });
        await registry.Repository("x").PushAsync(Blob(_small), () => new MemoryStream(_small));
        Assert.Equal(_small, store.Repository("x").Blobs[Blob(_small).Digest]);
        Assert.Contains(server.Requests, request => request.Headers.ContainsKey("Authorization"));
        Assert.DoesNotContain(store.Requests, request => request.Headers.ContainsKey("Authorization"));
    }

    [Fact]
    public async Task An_upload_that_began_instead_of_mounting_is_used()
    {
        using var server = new FaultyRegistry(new FaultyRegistryOptions { Mounts = false, LocationQueries = true });
        using var registry = new RemoteRegistry(server.Host, Quick);
        IRepository repository = registry.Repository("x");
        Assert.False(await repository.MountAsync(Blob(_small), "y"));
        await repository.PushAsync(Blob(_small), () => new MemoryStream(_small));
        Assert.Equal((0, 0), (server.Count(Stage.StartUpload), server.Repository("x").OpenUploads));

        // An upload that the registry has already removed is not an error.
        Assert.False(await repository.MountAsync(Blob(_large), "y"));
        server.Inject(Stage.Patch, Faults.Error(404, "BLOB_UPLOAD_UNKNOWN"), times: 1);
        server.Inject(Stage.UploadStatus, Faults.Error(404, "BLOB_UPLOAD_UNKNOWN"), times: 1);
        await repository.PushAsync(Blob(_large), () => new MemoryStream(_large));
        Assert.Equal(1, server.Count(Stage.StartUpload));
    }

    [Theory]
    [InlineData(401, "UNAUTHORIZED")]
    [InlineData(403, "DENIED")]
    [InlineData(404, "NAME_UNKNOWN")]
    [InlineData(405, "UNSUPPORTED")]
    public async Task Who_may_not_mount_pushes(int status, string code)
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.Mount, Faults.Error(status, code));
        using var registry = new RemoteRegistry(server.Host, Quick);
        Assert.False(await registry.Repository("x").MountAsync(Blob(_small), "y"));
    }

    [Fact]
    public async Task A_registry_that_stores_it_as_something_else_is_not_believed()
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.PutUpload, Faults.Header("Docker-Content-Digest", Digest.Of("other"u8).ToString()));
        Assert.Equal(RegistryFault.DigestMismatch, (await Assert.ThrowsAsync<RegistryException>(() => PushAsync(server, _small))).Fault);
    }

    [Fact]
    public async Task Who_may_write_and_not_yet_read_can_look_before_a_first_push()
    {
        using var tokens = new TokenServer();
        tokens.Users["me"] = "pass";
        using var server = new FaultyRegistry(new FaultyRegistryOptions { Tokens = tokens });

        // As registries do for a repository that does not exist yet.
        tokens.Instead = exchange => exchange.Scopes.Contains("repository:x:pull") ? HttpAnswer.Json(403, """{"errors":[{"code":"DENIED"}]}""") : null;
        using var registry = new RemoteRegistry(server.Host, Quick with { Credentials = new Login() });
        IRepository repository = registry.Repository("x");
        Assert.Null(await repository.ResolveAsync("v1"));
        Assert.False(await repository.ExistsAsync(Blob(_small)));
        await repository.PushAsync(Blob(_small), () => new MemoryStream(_small));
        Assert.Equal(_small, await ReadAsync(repository, Blob(_small)));

        // One token serves all requests. A client that only reads is still denied.
        Assert.Single(tokens.Requests, request => request.Contains("push"));
        tokens.Instead = exchange => HttpAnswer.Json(403, """{"errors":[{"code":"DENIED","message":"not you"}]}""");
        var denied = await Assert.ThrowsAsync<RegistryException>(() => registry.Repository("y").ResolveAsync("v1"));
        Assert.Contains(denied.Fault, new[] { RegistryFault.Denied, RegistryFault.Unauthorized });
    }

    private static async Task PushAsync(FaultyRegistry server, byte[] content)
    {
        using var registry = new RemoteRegistry(server.Host, Quick);
        await registry.Repository("x").PushAsync(Blob(content), () => new MemoryStream(content));
        Assert.Equal(content, server.Repository("x").Blobs[Blob(content).Digest]);
        Assert.Equal(0, server.Repository("x").OpenUploads);
    }

    private static string[] Ranges(FaultyRegistry server) => [.. server.Requests.Where(r => r.Stage == Stage.Patch).Select(r => r.Headers["Content-Range"])];

    private sealed class Login : ICredentialSource
    {
        public Task<RegistryCredential?> FindAsync(string registry, string? repository, CancellationToken cancellationToken) =>
            Task.FromResult<RegistryCredential?>(new RegistryCredential { UserName = "me", Password = "pass" });
    }
}

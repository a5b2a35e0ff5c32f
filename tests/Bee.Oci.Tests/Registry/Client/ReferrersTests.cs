using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Registry.Settings;
using Bee.Oci.Repositories;
using Bee.Registries;
using static Bee.Oci.Tests.Registry.Client.Samples;

namespace Bee.Oci.Tests.Registry.Client;

/// <summary>Lists referrers by the API, and by the tag, which other clients write too.</summary>
public sealed class ReferrersTests
{
    [Fact]
    public async Task With_the_API_the_tag_is_not_written_and_all_pages_are_read()
    {
        using var server = new FaultyRegistry(new FaultyRegistryOptions { PageSize = 2 });
        using var registry = new RemoteRegistry(server.Host, Quick);
        IRepository repository = registry.Repository("x");
        Content image = await PushImageAsync(repository, "v1");
        var pushed = new List<Content>();
        for (int seed = 2; seed < 7; seed++)
        {
            pushed.Add(await PushImageAsync(repository, null, image.Descriptor, "application/x.signature", seed));
        }

        List<Descriptor> referrers = await ListAsync(repository.ReferrersAsync(image.Descriptor.Digest));
        Assert.Equal(pushed.Select(p => p.Descriptor.Digest).Order(), referrers.Select(r => r.Digest).Order());
        Assert.All(referrers, r => Assert.Equal(("application/x.signature", "the tests"), (r.ArtifactType, r.Annotations["made.by"])));
        Assert.Equal(3, server.Count(Stage.Referrers));
        Assert.Equal(["v1"], server.Repository("x").Tags.Keys);

        await repository.DeleteAsync(pushed[0].Descriptor.Digest);
        Assert.Equal(4, (await ListAsync(repository.ReferrersAsync(image.Descriptor.Digest))).Count);
        Assert.Equal(["v1"], server.Repository("x").Tags.Keys);
    }

    [Theory]
    [InlineData(404, "text/plain")]
    [InlineData(405, "text/plain")]
    [InlineData(400, "application/json")]
    [InlineData(200, "text/html")]
    public async Task Without_the_API_the_tag_is_read(int status, string mediaType)
    {
        using var server = new FaultyRegistry(new FaultyRegistryOptions { ReferrersApi = false });
        server.Inject(Stage.Referrers, Faults.Answer(HttpAnswer.Json(status, "not here", mediaType)));
        using var registry = new RemoteRegistry(server.Host, Quick);
        IRepository repository = registry.Repository("x");
        Content image = await PushImageAsync(repository, "v1");
        Content signature = await PushImageAsync(repository, null, image.Descriptor, seed: 2);
        Assert.Equal([signature.Descriptor.Digest], (await ListAsync(repository.ReferrersAsync(image.Descriptor.Digest))).Select(r => r.Digest));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"manifests\":3}")]
    public async Task A_malformed_list_is_an_error_and_not_an_empty_list(string text)
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.Referrers, Faults.Answer(HttpAnswer.Json(200, text, MediaTypes.ImageIndex)));
        using var registry = new RemoteRegistry(server.Host, Quick);
        var digest = Digest.Of("x"u8);
        Assert.Equal(RegistryFault.BadAnswer, (await Assert.ThrowsAsync<RegistryException>(() => ListAsync(registry.Repository("x").ReferrersAsync(digest)))).Fault);
    }

    [Fact]
    public async Task A_list_without_end_is_not_held_in_memory()
    {
        using var server = new FaultyRegistry();
        int page = 0;
        var entry = new JsonObject
        {
            ["mediaType"] = MediaTypes.ImageManifest,
            ["digest"] = Digest.Of("s"u8).ToString(),
            ["size"] = 7,
            ["annotations"] = new JsonObject { ["long"] = new string('x', 1 << 20) },
        };
        string list = new JsonObject { ["manifests"] = new JsonArray(entry) }.ToJsonString();
        server.Inject(Stage.Referrers, (exchange, _) => exchange.SendAsync(HttpAnswer.Json(200, list, MediaTypes.ImageIndex)
            .With("Link", $"</v2/x/referrers/next?page={Interlocked.Increment(ref page)}>; rel=next")));
        using var registry = new RemoteRegistry(server.Host, Quick);
        var mirrored = new MirroredRepository("there/x", [registry.Repository("x"), registry.Repository("x")]);
        RegistryException e = await Assert.ThrowsAsync<RegistryException>(() => ListAsync(mirrored.ReferrersAsync(Digest.Of("x"u8))));
        Assert.Equal(RegistryFault.TooLarge, e.Fault);
        Assert.Equal(32, page);
    }

    [Fact]
    public async Task A_denied_list_is_an_error_and_not_an_empty_list()
    {
        using var server = new FaultyRegistry();
        server.Inject(Stage.Referrers, Faults.Error(403, "DENIED"));
        using var registry = new RemoteRegistry(server.Host, Quick);
        var digest = Digest.Of("x"u8);
        Assert.Equal(RegistryFault.Denied, (await Assert.ThrowsAsync<RegistryException>(() => ListAsync(registry.Repository("x").ReferrersAsync(digest)))).Fault);
    }

    [Fact]
    public async Task Entries_other_than_manifests_are_skipped()
    {
        using var server = new FaultyRegistry();
        var sound = Blob("a manifest"u8.ToArray(), MediaTypes.ImageManifest);
        var entries = new JsonArray(
            (JsonNode?)null,
            new JsonObject(),
            Entry(sound, "sha512:00"),
            Entry(sound, "sha256:../../x"),
            Entry(sound with { Size = StoreLimits.Manifest + 1L }),
            Entry(sound with { Size = -1 }),
            Entry(sound with { MediaType = "application/x.other" }),
            Entry(sound));
        server.Inject(Stage.Referrers, Faults.Answer(HttpAnswer.Json(200, new JsonObject { ["manifests"] = entries }.ToJsonString(), MediaTypes.ImageIndex)));
        using var registry = new RemoteRegistry(server.Host, Quick);
        List<Descriptor> referrers = await ListAsync(registry.Repository("x").ReferrersAsync(Digest.Of("x"u8)));
        Assert.Equal(sound.Digest, Assert.Single(referrers).Digest);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_entry_that_another_client_wrote_over_is_added_again(bool afterFirstLook)
    {
        using var server = new FaultyRegistry(new FaultyRegistryOptions { ReferrersApi = false });
        using var registry = new RemoteRegistry(server.Host, Quick);
        IRepository repository = registry.Repository("x");
        Content image = await PushImageAsync(repository, "v1");
        string tag = image.Descriptor.Digest.ToString().Replace(':', '-');
        Content theirs = await PushImageAsync(repository, "theirs", seed: 8);

        // The other client read the list before our write, so it writes the list without our entry: at once, or after our first check.
        var index = new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.ImageIndex, ["manifests"] = new JsonArray(Entry(theirs.Descriptor)) };
        byte[] bytes = Document(index.ToJsonString(), MediaTypes.ImageIndex).Bytes;
        bool wrote = false;
        Injection reads = server.Inject(Stage.GetManifest, async (exchange, serve) =>
        {
            HttpAnswer answer = await serve();
            if (!wrote && answer.Status == 200)
            {
                wrote = true;
                server.Repository("x").AddManifest(bytes, MediaTypes.ImageIndex, tag);
                answer = afterFirstLook ? answer : await serve();
            }

            await exchange.SendAsync(answer);
        });
        Content ours = await PushImageAsync(repository, null, image.Descriptor, seed: 9);
        Assert.True(wrote);
        Assert.InRange(reads.Hits, 4, 6);
        Assert.Equal(
            new[] { theirs.Descriptor.Digest, ours.Descriptor.Digest },
            (await ListAsync(repository.ReferrersAsync(image.Descriptor.Digest))).Select(r => r.Digest));
    }

    [Fact]
    public async Task A_list_that_changes_each_time_is_an_error_in_the_end()
    {
        using var server = new FaultyRegistry(new FaultyRegistryOptions { ReferrersApi = false });
        using var registry = new RemoteRegistry(server.Host, Quick);
        IRepository repository = registry.Repository("x");
        Content image = await PushImageAsync(repository, "v1");
        string tag = image.Descriptor.Digest.ToString().Replace(':', '-');
        server.Inject(Stage.PutManifest, async (exchange, serve) =>
        {
            HttpAnswer answer = await serve();
            server.Repository("x").Tags.TryRemove(tag, out _);
            await exchange.SendAsync(answer);
        });
        Assert.Equal(RegistryFault.Refused, (await Assert.ThrowsAsync<RegistryException>(() => PushImageAsync(repository, null, image.Descriptor, seed: 2))).Fault);
    }

    [Fact]
    public async Task The_ETag_of_the_tag_that_was_read_is_sent_with_the_write()
    {
        using var server = new FaultyRegistry(new FaultyRegistryOptions { ReferrersApi = false });
        using var registry = new RemoteRegistry(server.Host, Quick);
        IRepository repository = registry.Repository("x");
        Content image = await PushImageAsync(repository, "v1");
        await PushImageAsync(repository, null, image.Descriptor, seed: 2);
        server.Inject(Stage.GetManifest, Faults.Change(answer => answer.With("ETag", "\"as it was\"")));
        Injection refused = server.Inject(Stage.PutManifest, Faults.Status(412), times: 1, skip: 1);
        await PushImageAsync(repository, null, image.Descriptor, seed: 3);
        Assert.Equal(1, refused.Hits);
        Assert.Equal(2, (await ListAsync(repository.ReferrersAsync(image.Descriptor.Digest))).Count);
        Assert.Equal("\"as it was\"", server.Requests.Last(r => r.Stage == Stage.PutManifest).Headers["If-Match"]);
    }

    [Fact]
    public async Task What_others_wrote_into_the_list_stays()
    {
        using var server = new FaultyRegistry(new FaultyRegistryOptions { ReferrersApi = false });
        using var registry = new RemoteRegistry(server.Host, Quick);
        IRepository repository = registry.Repository("x");
        Content image = await PushImageAsync(repository, "v1");
        Content theirs = await PushImageAsync(repository, "theirs", seed: 8);
        JsonObject entry = Entry(theirs.Descriptor);
        entry["data"] = "e30=";
        var index = new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.ImageIndex, ["manifests"] = new JsonArray(entry), ["x.theirs"] = true };
        string tag = image.Descriptor.Digest.ToString().Replace(':', '-');
        server.Repository("x").AddManifest(Document(index.ToJsonString(), MediaTypes.ImageIndex).Bytes, MediaTypes.ImageIndex, tag);
        await PushImageAsync(repository, null, image.Descriptor, seed: 9);
        JsonNode after = JsonNode.Parse((await repository.FetchManifestAsync(tag)).Bytes)!;
        Assert.Equal(("e30=", true, 2), (after["manifests"]![0]!["data"]!.GetValue<string>(), after["x.theirs"]!.GetValue<bool>(), after["manifests"]!.AsArray().Count));
    }
}

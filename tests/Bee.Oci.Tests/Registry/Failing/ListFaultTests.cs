using System.Text;
using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Oci.Tests.Registry.Client;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry.Failing;

/// <summary>Lists tags, repositories and referrers while the registry fails.</summary>
public sealed class ListFaultTests : IDisposable
{
    private static readonly RegistryOptions s_quick = FaultCase.Quick;

    private readonly FaultyRegistry _registry = new(new FaultyRegistryOptions { PageSize = 2 });
    private readonly RemoteRegistry _client;

    public ListFaultTests()
    {
        _client = new RemoteRegistry(_registry.Host, s_quick);
        FaultyImage.Lay(_registry);
        foreach (string tag in new[] { "v2", "v3", "v4", "v5" })
        {
            _registry.Repository(FaultyImage.Repository).Tags[tag] = FaultyImage.Manifest.Descriptor.Digest;
        }
    }

    private IRepository Repository => _client.Repository(FaultyImage.Repository);

    public static TheoryData<string, RegistryFault?> Documents => new()
    {
        { "", RegistryFault.BadAnswer },
        { "null", RegistryFault.BadAnswer },
        { "[]", RegistryFault.BadAnswer },
        { "{", RegistryFault.BadAnswer },
        { """{"tags":"v1","repositories":"x","manifests":"y"}""", RegistryFault.BadAnswer },
        { """{"tags":[1],"repositories":[1],"manifests":[1]}""", RegistryFault.BadAnswer },
        { new string('[', 100_000), RegistryFault.BadAnswer },
        { """{"tags":null,"repositories":null,"manifests":null}""", null },
        { "{}", null },
    };

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task An_invalid_list_is_reported(string document, RegistryFault? expected)
    {
        foreach ((Stage stage, Func<Task> list) in Lists())
        {
            Injection injection = _registry.Inject(stage, Faults.Change(answer => (answer with { Body = Encoding.UTF8.GetBytes(document) }).With("Link", null)));
            var error = (RegistryException?)await Record.ExceptionAsync(list);
            Assert.True(injection.Hits > 0);
            Assert.True(expected == error?.Fault, $"{stage}: {error?.Fault} {error?.Message}");
        }
    }

    [Fact]
    public async Task Pages_that_lead_in_circles_come_to_an_end()
    {
        _registry.Inject(Stage.Tags, Faults.Header("Link", "</v2/me/image/tags/list>; rel=\"next\""));
        _registry.Inject(Stage.Catalog, Faults.Header("Link", "</v2/_catalog>; rel=\"next\""));
        _registry.Inject(Stage.Referrers, Faults.Header("Link", $"</v2/me/image/referrers/{FaultyImage.Manifest.Descriptor.Digest}>; rel=\"next\""));
        foreach ((Stage stage, Func<Task> list) in Lists())
        {
            RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => list().WaitAsync(Wait.Limit));
            Assert.True(error.Fault is RegistryFault.Unsafe or RegistryFault.BadAnswer or RegistryFault.TooLarge, $"{stage}: {error.Fault} {error.Message}");
        }
    }

    [Fact]
    public async Task All_pages_are_read_and_a_page_that_breaks_is_read_again()
    {
        _registry.Inject(Stage.Tags, Faults.CutAnswer(3), times: 1, skip: 1);
        Assert.Equal(["v1", "v2", "v3", "v4", "v5"], await Samples.ListAsync(Repository.TagsAsync()));
        Assert.Equal(4, _registry.Count(Stage.Tags));
    }

    [Fact]
    public async Task A_page_without_end_is_refused()
    {
        foreach ((Stage stage, Func<Task> list) in Lists())
        {
            _registry.Inject(stage, Faults.Endless);
            Assert.Equal(RegistryFault.TooLarge, (await Assert.ThrowsAsync<RegistryException>(list)).Fault);
        }
    }

    [Fact]
    public async Task Referrers_are_listed_by_pages_or_by_the_tag_without_the_API()
    {
        foreach (bool api in new[] { true, false })
        {
            using var registry = new FaultyRegistry(new FaultyRegistryOptions { PageSize = 2, ReferrersApi = api });
            FaultyImage.Lay(registry);
            using var client = new RemoteRegistry(registry.Host, s_quick);
            IRepository repository = client.Repository(FaultyImage.Repository);
            var pushed = new List<string>();
            for (int i = 0; i < 5; i++)
            {
                pushed.Add((await Samples.PushImageAsync(repository, null, FaultyImage.Manifest.Descriptor, "a/type", 100 + i)).Descriptor.Digest);
            }

            List<Descriptor> found = await Samples.ListAsync(repository.ReferrersAsync(FaultyImage.Manifest.Descriptor.Digest));
            Assert.Equal(pushed.Order(), found.Select(descriptor => descriptor.Digest.ToString()).Order());
            Assert.All(found, descriptor => Assert.Equal("a/type", descriptor.ArtifactType));
            Assert.Equal(!api, registry.Repository(FaultyImage.Repository).Tags.ContainsKey(FaultyImage.Manifest.Descriptor.Digest.ToString().Replace(':', '-')));
        }
    }

    [Fact]
    public async Task A_failed_write_of_the_referrers_tag_is_reported_and_retried_with_the_next_push()
    {
        using var registry = new FaultyRegistry(new FaultyRegistryOptions { ReferrersApi = false });
        FaultyImage.Lay(registry);
        using var client = new RemoteRegistry(registry.Host, s_quick);
        IRepository repository = client.Repository(FaultyImage.Repository);
        byte[] config = "{}"u8.ToArray();
        await repository.PushAsync(Samples.Blob(config), () => new MemoryStream(config));
        Content referrer = Samples.Manifest(Samples.Blob(config), FaultyImage.Manifest.Descriptor, "a/type");
        registry.Inject(Stage.PutManifest, Faults.Error(403, "DENIED"), times: 1, skip: 1);
        Assert.Equal(RegistryFault.Denied, (await Assert.ThrowsAsync<RegistryException>(() => repository.PushManifestAsync(referrer, null))).Fault);
        await repository.PushManifestAsync(referrer, null);
        Assert.Equal(referrer.Descriptor.Digest, Assert.Single(await Samples.ListAsync(repository.ReferrersAsync(FaultyImage.Manifest.Descriptor.Digest))).Digest);
    }

    [Fact]
    public async Task False_claims_in_an_index_of_referrers_are_harmless()
    {
        Digest digest = FaultyImage.Manifest.Descriptor.Digest;
        var entry = new JsonObject { ["mediaType"] = MediaTypes.ImageManifest, ["digest"] = digest.ToString(), ["size"] = FaultyImage.Manifest.Bytes.Length };
        JsonObject huge = entry.DeepClone().AsObject(), wrong = entry.DeepClone().AsObject(), negative = entry.DeepClone().AsObject();
        huge["size"] = long.MaxValue;
        wrong["digest"] = "sha256:../../etc/passwd";
        negative["size"] = -1;
        var index = new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(huge, wrong, negative, entry) };
        _registry.Inject(Stage.Referrers, Faults.Answer(HttpAnswer.Json(200, index.ToJsonString(), MediaTypes.ImageIndex)));
        Assert.Equal([digest], (await Samples.ListAsync(Repository.ReferrersAsync(digest))).Select(descriptor => descriptor.Digest));
    }

    public void Dispose()
    {
        _client.Dispose();
        _registry.Dispose();
    }

    private IEnumerable<(Stage, Func<Task>)> Lists() =>
    [
        (Stage.Tags, () => Samples.ListAsync(Repository.TagsAsync())),
        (Stage.Catalog, () => Samples.ListAsync(_client.RepositoriesAsync())),
        (Stage.Referrers, () => Samples.ListAsync(Repository.ReferrersAsync(FaultyImage.Manifest.Descriptor.Digest))),
    ];
}

using System.Text;
using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Signatures;
using Bee.Oci.Store;
using Bee.Oci.Tests.Registry.Client;
using Bee.Oci.Tests.Signatures;
using Bee.Oci.Transfer;
using Bee.Registries;

namespace Bee.Oci.Tests;

/// <summary>Uses the library as a C# program does, only by its public members.</summary>
public sealed class RegistryClientTests : IDisposable
{
    private const string Sbom = "application/vnd.example.sbom.v1";

    private readonly FaultyRegistry _server = new();
    private readonly StoreFolder _folder = new();
    private readonly RegistryClient _registry = new(new RegistryOptions { Retries = 0 });

    [Fact]
    public async Task Push_sign_verify_and_pull_an_image()
    {
        ImageReference reference = Reference("me/opensnoop:v1");
        ImageStore source = _folder.Store;
        Image image = source.Add(StoreFolder.Content("elf", "Traces open."), reference);
        using var key = SigningKey.Read(TestKeys.Private("P-256"));
        var publicKey = VerificationKey.Read(TestKeys.Public(key));

        TransferResult pushed = await _registry.PushAsync(reference, source);
        await _registry.SignAsync(reference, key);
        SignatureReport report = await _registry.VerifyAsync(reference, [publicKey]);
        var target = ImageStore.Open(Path.Combine(_folder.Root, "other"));
        TransferResult pulled = await _registry.PullAsync(reference.WithDigest(report.Digest), target);

        Assert.Equal(image.Descriptor.Digest, pushed.Descriptor.Digest);
        Assert.True(report.IsVerified);
        Assert.Equal(image.Digest, pulled.Image!.Digest);
        Assert.Equal("elf", Encoding.UTF8.GetString(target.ReadProgram(target.Find(reference.ToString())!)));
        Assert.Equal("Traces open.", (await _registry.DescribeAsync(reference)).Description);
        Assert.True((await new SignatureVerifier().VerifyAsync(target.Repository(reference.Name), reference, report.Digest, [publicKey])).IsVerified);
    }

    [Fact]
    public async Task Verify_fails_for_another_key()
    {
        ImageReference reference = Reference("me/opensnoop:v1");
        _folder.Store.Add(StoreFolder.Content(), reference);
        using SigningKey key = TestKeys.Signing(), other = TestKeys.Signing();
        await _registry.PushAsync(reference, _folder.Store);
        await _registry.SignAsync(reference, key);

        Assert.False((await _registry.VerifyAsync(reference, [other.PublicKey])).IsVerified);
    }

    [Fact]
    public async Task Copy_gives_the_image_a_further_name()
    {
        ImageReference first = Reference("me/opensnoop:v1"), second = Reference("you/opensnoop");
        _folder.Store.Add(StoreFolder.Content(), first);
        await _registry.PushAsync(first, _folder.Store);

        TransferResult copied = await _registry.CopyAsync(first, second);

        Assert.Equal(copied.Descriptor.Digest.ToString(), (await _registry.DescribeAsync(Reference("you/opensnoop:latest"))).Digest);
    }

    [Fact]
    public async Task A_reference_without_a_registry_is_refused()
    {
        var refused = Assert.Throws<RegistryException>(() => _registry.Repository(ImageReference.Parse("opensnoop:v1")));
        Assert.Equal(RegistryFault.BadName, refused.Fault);
        Assert.Equal(StoreFault.NotFound, (await Assert.ThrowsAsync<StoreException>(() => _registry.PushAsync(Reference("me/missing:v1"), _folder.Store))).Fault);
    }

    [Fact]
    public async Task A_pushed_artifact_with_a_subject_is_a_referrer()
    {
        ImageReference reference = Reference("me/opensnoop:v1");
        _folder.Store.Add(StoreFolder.Content(), reference);
        TransferResult image = await _registry.PushAsync(reference, _folder.Store);

        Descriptor artifact = await _registry.PushAsync(Reference("me/opensnoop"), Bill(image.Descriptor));

        IRepository repository = _registry.Repository(reference);
        Descriptor referrer = Assert.Single(await Samples.ListAsync(repository.ReferrersAsync(image.Descriptor.Digest)));
        Assert.Equal((artifact.Digest, Sbom, "example"), (referrer.Digest, referrer.ArtifactType, referrer.Annotations["vendor"]));
        var manifest = JsonNode.Parse((await repository.FetchManifestAsync(artifact.Digest)).Bytes)!;
        Assert.Equal((Sbom, "application/vnd.oci.empty.v1+json", 2), ((string?)manifest["artifactType"], (string?)manifest["config"]!["mediaType"], (int)manifest["config"]!["size"]!));
        Assert.Equal(("application/spdx+json", "sbom.json"), ((string?)manifest["layers"]![0]!["mediaType"], (string?)manifest["layers"]![0]!["annotations"]![AnnotationKeys.Title]));
        Assert.Equal("{\"spdx\":1}"u8.ToArray(), await Samples.ReadAsync(repository, Samples.Blob("{\"spdx\":1}"u8.ToArray())));
    }

    [Fact]
    public async Task A_stored_artifact_with_a_subject_is_a_referrer_and_is_pushed_with_its_image()
    {
        ImageReference reference = Reference("me/opensnoop:v1");
        Image image = _folder.Store.Add(StoreFolder.Content(), reference);
        Image bill = _folder.Store.Add(Bill(image.Descriptor), Reference("me/opensnoop:v1-sbom"));
        IReadOnlyRepository stored = _folder.Store.Repository(reference.Name);
        Assert.Equal(bill.Descriptor.Digest, Assert.Single(await Samples.ListAsync(stored.ReferrersAsync(image.Descriptor.ToDescriptor().Digest))).Digest);

        await _registry.PushAsync(reference, _folder.Store, new TransferOptions { Referrers = true });

        Assert.Equal(bill.Descriptor.Digest, Assert.Single(await Samples.ListAsync(_registry.Repository(reference).ReferrersAsync(image.Descriptor.ToDescriptor().Digest))).Digest);
    }

    [Fact]
    public void The_same_artifact_has_the_same_digest_and_one_without_a_type_is_refused()
    {
        Image one = _folder.Store.Add(Bill(null), ImageReference.Parse("one:v1")), two = _folder.Store.Add(Bill(null), ImageReference.Parse("two:v1"));
        Assert.Equal(one.Digest, two.Digest);
        ArtifactContent[] unusable =
        [
            new(),
            new() { ArtifactType = "a/b", Layers = [new ArtifactBlob("", [1])] },
            new() { ArtifactType = "a\r\nX: y" },
            new() { ArtifactType = "a/b/c" },
            new() { ArtifactType = "a/b", Subject = new Descriptor(MediaTypes.ImageManifest, one.Descriptor.ToDescriptor().Digest, -5) },
        ];
        foreach (ArtifactContent bad in unusable)
        {
            Assert.Equal(StoreFault.BadContent, Assert.Throws<StoreException>(() => _folder.Store.Add(bad, ImageReference.Parse("bad:v1"))).Fault);
        }
    }

    [Fact]
    public async Task A_disposed_client_sends_nothing()
    {
        var client = new RegistryClient();
        client.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.PingAsync(_server.Host));
    }

    [ToolFact(Tool.Skopeo)]
    public void Skopeo_reads_a_packed_artifact_from_the_store()
    {
        Image artifact = _folder.Store.Add(Bill(null), ImageReference.Parse("ghcr.io/me/bill:v1"));
        string copy = Path.Combine(_folder.Root, "copy");
        _ = Tool.Run(Tool.Skopeo, ["copy", $"oci:{_folder.Path}:ghcr.io/me/bill:v1", $"oci:{copy}:v1"]).Success;
        Assert.Equal(artifact.Digest, Assert.Single(ImageStore.Open(copy).List()).Digest);
    }

    [ToolFact(Tool.Registry, Tool.Oras)]
    public async Task Oras_discovers_and_pulls_a_pushed_artifact()
    {
        using var registry = DebianRegistry.Start();
        var reference = ImageReference.Parse($"{registry.Host}/me/opensnoop:v1");
        _folder.Store.Add(StoreFolder.Content(), reference);
        TransferResult image = await _registry.PushAsync(reference, _folder.Store);

        Descriptor artifact = await _registry.PushAsync(ImageReference.Parse($"{registry.Host}/me/opensnoop:sbom"), Bill(image.Descriptor));

        Assert.Contains(artifact.Digest, Tool.Run(Tool.Oras, ["discover", "--plain-http", reference.ToString()]).Success, StringComparison.Ordinal);
        _ = Tool.Run(Tool.Oras, ["pull", "--plain-http", "-o", _folder.Root, $"{registry.Host}/me/opensnoop:sbom"]).Success;
        Assert.Equal("{\"spdx\":1}", File.ReadAllText(Path.Combine(_folder.Root, "sbom.json")));
    }

    public void Dispose()
    {
        _registry.Dispose();
        _server.Dispose();
        _folder.Dispose();
    }

    private static ArtifactContent Bill(Descriptor? subject) => new()
    {
        ArtifactType = Sbom,
        Layers = [new ArtifactBlob("application/spdx+json", "{\"spdx\":1}"u8.ToArray()) { Annotations = new Dictionary<string, string> { [AnnotationKeys.Title] = "sbom.json" } }],
        Subject = subject,
        Annotations = new Dictionary<string, string> { ["vendor"] = "example" },
    };

    private ImageReference Reference(string text) => ImageReference.Parse($"{_server.Host}/{text}");
}

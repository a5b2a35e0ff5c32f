using System.Collections.Concurrent;
using Bee.Oci.Formats;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Oci.Signatures;
using Bee.Oci.Signatures.Keys;
using Bee.Oci.Signatures.Layouts;
using Bee.Oci.Tests.Registry.Client;
using Bee.Oci.Transfer;
using Bee.Registries;

namespace Bee.Oci.Tests.Signatures;

/// <summary>Bee verifies signatures of cosign 2 and 3.</summary>
public sealed class CosignSignedTests(CosignTest.Server server) : CosignTest(server)
{
    /// <summary>Covers every layout that cosign 2 and cosign 3 write, with every key type.</summary>
    [ToolTheory(Tool.Registry, Tool.Cosign, Tool.Cosign3)]
    [InlineData(Tool.Cosign, "P-256", SignatureLayout.Tag)]
    [InlineData(Tool.Cosign, "RSA", SignatureLayout.Tag)]
    [InlineData(Tool.Cosign, "Ed25519", SignatureLayout.Tag)]
    [InlineData(Tool.Cosign, "P-384", SignatureLayout.Tag)]
    [InlineData(Tool.Cosign, "P-256", SignatureLayout.Referrer)]
    [InlineData(Tool.Cosign3, "P-256", SignatureLayout.Tag)]
    [InlineData(Tool.Cosign3, "P-256", SignatureLayout.Referrer)]
    [InlineData(Tool.Cosign3, "P-256", SignatureLayout.Bundle)]
    [InlineData(Tool.Cosign3, "P-384", SignatureLayout.Bundle)]
    [InlineData(Tool.Cosign3, "P-521", SignatureLayout.Bundle)]
    [InlineData(Tool.Cosign3, "RSA", SignatureLayout.Bundle)]
    [InlineData(Tool.Cosign3, "Ed25519", SignatureLayout.Bundle)]
    [InlineData(Tool.Cosign3, "Ed25519", SignatureLayout.Tag)]
    public async Task What_cosign_signed_is_verified(string tool, string kind, SignatureLayout layout)
    {
        (IRepository repository, ImageReference reference, Descriptor image) = await PushAsync();
        (string file, VerificationKey key) = KeyFile(kind);

        List<string> arguments = ["sign", "--yes", "--key", file, "--tlog-upload=false"];
        arguments.AddRange(tool == Tool.Cosign3 ? ["--use-signing-config=false"] : []);
        arguments.AddRange(tool == Tool.Cosign3 && layout != SignatureLayout.Bundle ? ["--new-bundle-format=false"] : []);
        arguments.AddRange(layout == SignatureLayout.Referrer ? ["--registry-referrers-mode", "oci-1-1"] : []);
        _ = Cosign(tool, [.. arguments, $"{reference.Name}@{image.Digest}"]).Success;

        SignatureReport report = await VerifyAsync(repository, reference, image.Digest, key);
        SignatureFinding finding = Assert.Single(report.Findings);
        Assert.Null(finding.Problem);
        Assert.Equal(layout, finding.Layout);
        Assert.Equal(layout == SignatureLayout.Bundle ? null : reference.Name, finding.Reference);
        Assert.False((await VerifyAsync(repository, reference, image.Digest, TestKeys.Signing(kind).PublicKey)).IsVerified);
    }

    /// <summary>Verifies from the store, without a registry. The signatures were pulled with the image.</summary>
    [ToolTheory(Tool.Registry, Tool.Cosign, Tool.Cosign3)]
    [InlineData(Tool.Cosign, "--tlog-upload=false")]
    [InlineData(Tool.Cosign, "--tlog-upload=false --registry-referrers-mode oci-1-1")]
    [InlineData(Tool.Cosign3, "--tlog-upload=false --use-signing-config=false")]
    public async Task Signatures_of_cosign_are_verified_in_the_store(string tool, string options)
    {
        (IRepository repository, ImageReference reference, Descriptor image) = await PushAsync();
        VerificationKey key = Sign(tool, options, reference, image);
        using var folder = new StoreFolder();
        await new ImageTransfer().PullAsync(repository, "v1", folder.Store, reference);
        Assert.True((await VerifyAsync(folder.Store.Repository(reference.Name), reference, image.Digest, key)).IsVerified);
        Assert.False((await VerifyAsync(folder.Store.Repository(reference.Name), reference, image.Digest, TestKeys.Signing().PublicKey)).IsVerified);
    }
}

/// <summary>cosign 2 and 3 accept signatures of Bee, alone and beside their own.</summary>
public sealed class CosignAcceptsTests(CosignTest.Server server) : CosignTest(server)
{
    /// <summary>Runs the command line that the documentation shows, for every cosign version and key type.</summary>
    [ToolTheory(Tool.Registry, Tool.Cosign, Tool.Cosign3)]
    [InlineData("P-256")]
    [InlineData("P-384")]
    [InlineData("P-521")]
    [InlineData("RSA")]
    [InlineData("Ed25519")]
    public async Task What_bee_signed_cosign_accepts_without_further_options(string kind)
    {
        (IRepository repository, ImageReference reference, Descriptor image) = await PushAsync();
        using SigningKey key = TestKeys.Signing(kind);
        await ImageSigner.SignAsync(repository, reference, image, key);
        AssertAccepted(Tool.Cosign, reference, key.PublicKey);
        AssertAccepted(Tool.Cosign3, reference, key.PublicKey);
    }

    [ToolTheory(Tool.Registry, Tool.Cosign, Tool.Cosign3)]
    [InlineData("P-256")]
    [InlineData("RSA")]
    [InlineData("Ed25519")]
    public async Task Bundles_of_bee_are_accepted_by_cosign_3(string kind)
    {
        (IRepository repository, ImageReference reference, Descriptor image) = await PushAsync();
        using SigningKey key = TestKeys.Signing(kind);
        await ImageSigner.SignAsync(repository, reference, image, key, SignatureLayout.Bundle);
        AssertAccepted(Tool.Cosign3, reference, key.PublicKey);
    }

    [ToolFact(Tool.Registry, Tool.Cosign, Tool.Cosign3)]
    public async Task Referrers_of_bee_are_accepted_by_both()
    {
        (IRepository repository, ImageReference reference, Descriptor image) = await PushAsync();
        using SigningKey key = TestKeys.Signing();
        await ImageSigner.SignAsync(repository, reference, image, key, SignatureLayout.Referrer);
        AssertAccepted(Tool.Cosign, reference, key.PublicKey, "--experimental-oci11");
        AssertAccepted(Tool.Cosign3, reference, key.PublicKey, "--experimental-oci11");
    }

    /// <summary>Bee and cosign add signatures to the same tag, without removing those of the other.</summary>
    [ToolFact(Tool.Registry, Tool.Cosign, Tool.Cosign3)]
    public async Task Bee_and_cosign_sign_the_same_image()
    {
        (IRepository repository, ImageReference reference, Descriptor image) = await PushAsync();
        using SigningKey first = TestKeys.Signing();
        await ImageSigner.SignAsync(repository, reference, image, first);

        VerificationKey second = Sign(Tool.Cosign, "--tlog-upload=false", reference, image);

        using SigningKey third = TestKeys.Signing("Ed25519");
        await ImageSigner.SignAsync(repository, reference, image, third);

        SignatureReport report = await VerifyAsync(repository, reference, image.Digest, first.PublicKey, second, third.PublicKey);
        Assert.Equal([first.PublicKey, second, third.PublicKey], report.Findings.Select(finding => finding.Key));
        foreach (VerificationKey key in new[] { first.PublicKey, second, third.PublicKey })
        {
            AssertAccepted(Tool.Cosign, reference, key);
            AssertAccepted(Tool.Cosign3, reference, key);
        }
    }

    /// <summary>The store has one signature and the registry another. After publishing, cosign finds both.</summary>
    [ToolFact(Tool.Registry, Tool.Cosign, Tool.Cosign3)]
    public async Task Signatures_that_come_together_are_accepted()
    {
        (IRepository repository, ImageReference reference, Descriptor image) = await PushAsync();
        (IRepository other, ImageReference elsewhere, _) = await PushAsync();
        VerificationKey first = Sign(Tool.Cosign, "--tlog-upload=false", reference, image);
        using SigningKey second = TestKeys.Signing();
        await ImageSigner.SignAsync(other, elsewhere, image, second);
        using var folder = new StoreFolder();
        await new ImageTransfer().PullAsync(repository, "v1", folder.Store, reference);
        await new ImageTransfer().PushAsync(folder.Store, folder.Store.Find(reference.ToString())!, other, "v1");
        foreach (VerificationKey key in new[] { first, second.PublicKey })
        {
            AssertAccepted(Tool.Cosign, elsewhere, key);
            AssertAccepted(Tool.Cosign3, elsewhere, key);
        }

        // cosign ignores the repository name in a signature. Bee rejects the first key's signature, which names another repository, unless SignedAs allows that name.
        Assert.False((await VerifyAsync(other, elsewhere, image.Digest, first)).IsVerified);
        Assert.True((await new SignatureVerifier { SignedAs = reference.Name }.VerifyAsync(other, elsewhere, image.Digest, [first])).IsVerified);
        Assert.True((await VerifyAsync(other, elsewhere, image.Digest, second.PublicKey)).IsVerified);

        // A further signature does not change either result.
        using SigningKey third = TestKeys.Signing();
        await ImageSigner.SignAsync(other, elsewhere, image, third);
        AssertAccepted(Tool.Cosign, elsewhere, first);
        AssertAccepted(Tool.Cosign3, elsewhere, third.PublicKey);
    }

    /// <summary>The signature of an image for several platforms covers its index.</summary>
    [ToolTheory(Tool.Registry, Tool.Cosign, Tool.Cosign3)]
    [InlineData(SignatureLayout.Tag)]
    [InlineData(SignatureLayout.Bundle)]
    public async Task An_index_is_signed(SignatureLayout layout)
    {
        (IRepository repository, ImageReference reference, Descriptor image) = await PushAsync();
        Content index = Samples.Document(
            $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.ImageIndex}}","manifests":[{"mediaType":"{{image.MediaType}}","digest":"{{image.Digest}}","size":{{image.Size}}}]}""", MediaTypes.ImageIndex);
        await repository.PushManifestAsync(index, "v1");
        using SigningKey key = TestKeys.Signing();
        await ImageSigner.SignAsync(repository, reference, index.Descriptor, key, layout);
        AssertAccepted(Tool.Cosign3, reference, key.PublicKey);
        if (layout == SignatureLayout.Tag)
        {
            AssertAccepted(Tool.Cosign, reference, key.PublicKey);
        }

        Assert.True((await VerifyAsync(repository, reference, index.Descriptor.Digest, key.PublicKey)).IsVerified);
        Assert.False((await VerifyAsync(repository, reference, image.Digest, key.PublicKey)).IsVerified);
    }

    /// <summary>Uses a key pair that cosign generated, with scrypt at its full cost.</summary>
    [ToolTheory(Tool.Registry, Tool.Cosign, Tool.Cosign3)]
    [InlineData(Tool.Cosign)]
    [InlineData(Tool.Cosign3)]
    public async Task A_key_that_cosign_made_signs(string tool)
    {
        (IRepository repository, ImageReference reference, Descriptor image) = await PushAsync();
        _ = Cosign(tool, ["generate-key-pair"]).Success;
        string pem = File.ReadAllText(Path.Combine(Folder, "cosign.key"));
        Assert.Equal(SignatureFault.WrongPassword, Assert.Throws<SignatureException>(() => SigningKey.Read(pem, "wrong"u8.ToArray(), TestKeys.Algorithms)).Fault);
        using var key = SigningKey.Read(pem, TestKeys.PasswordBytes, TestKeys.Algorithms);
        var published = VerificationKey.Read(File.ReadAllText(Path.Combine(Folder, "cosign.pub")), TestKeys.Algorithms);
        Assert.Equal(published.KeyId, key.PublicKey.KeyId);
        await ImageSigner.SignAsync(repository, reference, image, key);
        AssertAccepted(tool, reference, key.PublicKey);
        Assert.True((await VerifyAsync(repository, reference, image.Digest, published)).IsVerified);
    }

    /// <summary>Uses a registry with the referrers API, which Debian's registry does not have.</summary>
    [ToolFact(Tool.Cosign3)]
    public async Task Bundles_go_both_ways_over_the_referrers_api()
    {
        using var api = new FaultyRegistry();
        using var registry = new RemoteRegistry(api.Host, Samples.Quick);
        (IRepository repository, ImageReference reference, Descriptor image) = await PushAsync(registry);
        VerificationKey key = Sign(Tool.Cosign3, "--tlog-upload=false --use-signing-config=false", reference, image);
        Assert.True((await VerifyAsync(repository, reference, image.Digest, key)).IsVerified);

        using SigningKey other = TestKeys.Signing();
        await ImageSigner.SignAsync(repository, reference, image, other, SignatureLayout.Bundle);
        AssertAccepted(Tool.Cosign3, reference, other.PublicKey);
        Assert.DoesNotContain(api.Repository(reference.Repository).Tags.Keys, tag => tag.StartsWith("sha256-", StringComparison.Ordinal));
    }
}

/// <summary>
/// Runs cosign 2 and 3 without access to the network: a proxy that does not exist is set for all hosts but the registry. One registry serves all tests
/// of a class, and each test has its own repository.
/// </summary>
public abstract class CosignTest(CosignTest.Server server) : IClassFixture<CosignTest.Server>, IDisposable
{
    private const int CosignsCost = 65536;

    // scrypt at this cost is slow, so each type of key is created once.
    private static readonly ConcurrentDictionary<string, Lazy<(string Pem, VerificationKey Key)>> s_keys = new();

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bee-cosign-");
    private readonly RemoteRegistry? _registry = server.Registry is { } running ? new RemoteRegistry(running.Host, Samples.Quick) : null;

    protected string Folder => _folder.FullName;

    public void Dispose()
    {
        _registry?.Dispose();
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    protected static Task<SignatureReport> VerifyAsync(IReadOnlyRepository repository, ImageReference reference, Digest digest, params VerificationKey[] keys) =>
        new SignatureVerifier().VerifyAsync(repository, reference, digest, keys);

    private protected async Task<(IRepository Repository, ImageReference Reference, Descriptor Image)> PushAsync(RemoteRegistry? registry = null)
    {
        registry ??= _registry!;
        string name = $"signed/{Guid.NewGuid():n}";
        IRepository repository = registry.Repository(name);
        Content image = await Samples.PushImageAsync(repository, "v1");
        return (repository, ImageReference.Parse($"{registry.Host}/{name}:v1"), image.Descriptor);
    }

    /// <summary>Signs with cosign and a P-256 key.</summary>
    protected VerificationKey Sign(string tool, string options, ImageReference reference, Descriptor image)
    {
        (string file, VerificationKey key) = KeyFile("P-256");
        _ = Cosign(tool, ["sign", "--yes", "--key", file, .. options.Split(' '), $"{reference.Name}@{image.Digest}"]).Success;
        return key;
    }

    /// <summary>Returns a file with a private key in cosign's format, and the public key.</summary>
    protected (string File, VerificationKey Key) KeyFile(string kind)
    {
        (string pem, VerificationKey key) = s_keys.GetOrAdd(kind, _ => new(() =>
        {
            string made = TestKeys.Pem(TestKeys.Encrypted(TestKeys.Der(kind), TestKeys.Password, CosignsCost));
            using var signing = SigningKey.Read(made, TestKeys.PasswordBytes, TestKeys.Algorithms);
            return (made, signing.PublicKey);
        })).Value;
        return (Write("key", pem), key);
    }

    protected void AssertAccepted(string tool, ImageReference reference, VerificationKey key, params string[] options)
    {
        ToolRun run = Cosign(tool, ["verify", "--key", Write("pub", TestKeys.Public(key)), "--insecure-ignore-tlog=true", .. options, reference.ToString()]);
        Assert.True(run.ExitCode == 0, run.Messages);
        using SigningKey another = TestKeys.Signing();
        Assert.NotEqual(0, Cosign(tool, ["verify", "--key", Write("pub", TestKeys.Public(another.PublicKey)), "--insecure-ignore-tlog=true", .. options, reference.ToString()]).ExitCode);
    }

    protected ToolRun Cosign(string tool, string[] arguments) => Tool.Run(tool, arguments, _folder.FullName, new Dictionary<string, string>
    {
        ["HOME"] = _folder.FullName,
        ["COSIGN_PASSWORD"] = TestKeys.Password,
        ["COSIGN_EXPERIMENTAL"] = "1",
        ["HTTP_PROXY"] = "http://127.0.0.1:1",
        ["HTTPS_PROXY"] = "http://127.0.0.1:1",
        ["NO_PROXY"] = "127.0.0.1,localhost",
    });

    protected string Write(string name, string text)
    {
        string file = Path.Combine(_folder.FullName, name);
        File.WriteAllText(file, text);
        return file;
    }

    /// <summary>The registry of a test class.</summary>
    public sealed class Server : IDisposable
    {
        public DebianRegistry? Registry { get; } = DebianRegistry.Missing is null ? DebianRegistry.Start() : null;

        public void Dispose() => Registry?.Dispose();
    }
}

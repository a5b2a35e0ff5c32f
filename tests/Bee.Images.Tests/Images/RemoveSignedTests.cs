using System.Management.Automation;
using System.Security.Cryptography;
using System.Text;
using Bee.Registries;

namespace Bee.Images.Tests;

/// <summary>Remove-BeeImage -Remote for signed images.</summary>
public sealed class RemoveSignedTests : IDisposable
{
    private const string Empty = "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",";

    private readonly RegistryShell _shell = new();
    private readonly string _digest;

    public RemoveSignedTests()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(_shell["key.pem"], key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(_shell["key.pub"], key.ExportSubjectPublicKeyInfoPem());
        _digest = _shell.Digest("tool:v1");
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void Removing_by_digest_removes_the_signatures_too(bool referrersApi, bool tagDeletion)
    {
        using var registry = new FaultyRegistry(new FaultyRegistryOptions { ReferrersApi = referrersApi, TagDeletion = tagDeletion });
        MemoryRepository repository = Publish(registry);
        string other = _shell.BuildAnother("tool:v2");
        Objects("$null = Publish-BeeImage tool:v2 $name -Store $store -Sign $key -SignatureLayout Bundle; $null = Publish-BeeImage tool:v2 $name -Store $store -Sign $key", registry, "v2");
        string[] before = [.. repository.Manifests.Keys];

        Objects("Remove-BeeImage $name -Remote -WhatIf", registry, digest: _digest);

        Assert.Contains($"and 3 signatures (tag {About(_digest)}.sig, 2 that refer to it)", _shell.Shell.Screen.ReplaceLineEndings(""), StringComparison.Ordinal);
        Assert.Equal(before.Order(), repository.Manifests.Keys.Order());

        Objects("Remove-BeeImage $name -Remote", registry, digest: _digest);

        // The other image keeps its signatures, and its referrers list if the registry has no referrers API.
        string text = string.Concat(repository.Manifests.Values.Select(manifest => Encoding.UTF8.GetString(manifest.Bytes)));
        Assert.DoesNotContain(_digest, text, StringComparison.Ordinal);
        string[] tags = [.. referrersApi ? Array.Empty<string>() : [About(other)], $"{About(other)}.sig", "v2"];
        Assert.Equal(tags, repository.Tags.Keys.Order(StringComparer.Ordinal));
        Objects("$null = Save-BeeImage $name -Store $empty -PublicKey $public", registry, "v2");
    }

    [Fact]
    public void Removing_by_digest_keeps_referrers_that_are_not_signatures()
    {
        using var registry = new FaultyRegistry(new FaultyRegistryOptions { ReferrersApi = false, TagDeletion = false });
        MemoryRepository repository = Publish(registry);
        // A bill of materials in the list, and an image under a tag in the form of signature tags.
        string config = repository.AddBlob("{}"u8.ToArray());
        string bill = repository.AddManifest(
            Encoding.UTF8.GetBytes(Empty + $"\"artifactType\":\"application/spdx+json\",\"config\":{{\"mediaType\":\"application/vnd.oci.empty.v1+json\",\"digest\":\"{config}\",\"size\":2}},\"layers\":[],\"subject\":{{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"{_digest}\",\"size\":100}}}}"),
            "application/vnd.oci.image.manifest.v1+json");
        (string type, byte[] list) = repository.Manifests[repository.Tags[About(_digest)]];
        string entry = $"{{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"{bill}\",\"size\":{repository.Manifests[bill].Bytes.Length}}}";
        repository.AddManifest(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(list).Replace("\"manifests\":[", $"\"manifests\":[{entry},", StringComparison.Ordinal)), type, About(_digest));
        string other = _shell.BuildAnother("tool:v2");
        Objects("$null = Publish-BeeImage tool:v2 $name -Store $store", registry, "v2");
        repository.Tags[$"{About(_digest)}.sig"] = other;

        Objects("Remove-BeeImage $name -Remote", registry, digest: _digest);

        Assert.DoesNotContain(_digest, repository.Manifests.Keys);
        Assert.Equal(other, repository.Tags["v2"]);
        Assert.Equal(other, repository.Tags[$"{About(_digest)}.sig"]);
        Assert.Contains(bill, repository.Manifests.Keys);
        string left = Encoding.UTF8.GetString(repository.Manifests[repository.Tags[About(_digest)]].Bytes);
        Assert.Contains(bill, left, StringComparison.Ordinal);
        Assert.Equal(1, left.Split("\"digest\"").Length - 1);
    }

    [Fact]
    public void Removing_a_tag_keeps_the_signatures()
    {
        using var registry = new FaultyRegistry();
        MemoryRepository repository = Publish(registry);

        Objects("Remove-BeeImage $name -Remote", registry, "v1");

        Assert.DoesNotContain("v1", repository.Tags.Keys);
        Objects("$null = Save-BeeImage $name -Store $empty -PublicKey $public", registry, digest: _digest);
    }

    [Fact]
    public void Signature_that_cannot_be_removed_is_an_error()
    {
        using var registry = new FaultyRegistry();
        MemoryRepository repository = Publish(registry);
        registry.Inject(Stage.DeleteManifest, Faults.Error(403, "DENIED"), skip: 1);

        ErrorRecord error = _shell.Error("Remove-BeeImage $name -Remote", Variables(registry, digest: _digest));

        Assert.StartsWith("Registry.Denied", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("was removed, but not all of 3 signatures", $"{error}", StringComparison.Ordinal);
        Assert.DoesNotContain(_digest, repository.Manifests.Keys);
    }

    // v1, signed in each of the three layouts.
    private MemoryRepository Publish(FaultyRegistry registry)
    {
        foreach (string layout in new[] { "Tag", "Bundle", "Referrer" })
        {
            Objects($"$null = Publish-BeeImage tool:v1 $name -Store $store -Sign $key -SignatureLayout {layout}", registry, "v1");
        }

        return registry.Repository("me/tool");
    }

    private static string About(string digest) => digest.Replace(':', '-');

    private void Objects(string script, FaultyRegistry registry, string? tag = null, string? digest = null) => _shell.Objects(script, Variables(registry, tag, digest));

    private (string, object?)[] Variables(FaultyRegistry registry, string? tag = null, string? digest = null) =>
    [
        ("name", $"{registry.Host}/me/tool" + (tag is null ? "" : $":{tag}") + (digest is null ? "" : $"@{digest}")),
        ("key", _shell["key.pem"]),
        ("public", _shell["key.pub"]),
        ("empty", _shell["empty"]),
    ];

    public void Dispose() => _shell.Dispose();
}

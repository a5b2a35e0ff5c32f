using System.Management.Automation;
using System.Security.Cryptography;
using Bee.Registries;

namespace Bee.Images.Tests;

/// <summary>Registries that fail while signatures are read: the image is not saved, whatever the fault.</summary>
public sealed class VerificationFaultTests : IDisposable
{
    private readonly RegistryShell _shell = new();

    public static TheoryData<string> Layouts => ["Tag", "Referrer", "Bundle"];

    // Without 5xx statuses, which are retried for some seconds first.
    private static IReadOnlyDictionary<string, Fault> Wrongs { get; } = new Dictionary<string, Fault>
    {
        ["gone"] = Faults.Error(404, "MANIFEST_UNKNOWN"),
        ["denied"] = Faults.Error(403, "DENIED"),
        ["not JSON"] = Faults.Change(answer => (answer with { Body = "{\"manifests\":["u8.ToArray() }).With("Content-Length", null).With("Docker-Content-Digest", null)),
        ["an empty list"] = Faults.Answer(HttpAnswer.Json(200, """{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}""", "application/vnd.oci.image.index.v1+json")),
        ["wrong bytes"] = Faults.WrongBytes,
        ["without end"] = Faults.Endless,
        ["not HTTP"] = Faults.Garbage,
        ["in circles"] = Faults.Redirect("/v2/me/tool/referrers/x"),
    };

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Image_with_an_unreadable_signature_is_not_saved(string layout)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(_shell["key.pem"], key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(_shell["key.pub"], key.ExportSubjectPublicKeyInfoPem());
        using var registry = new FaultyRegistry();
        (string, object?)[] variables = [("name", $"{registry.Host}/me/tool:v1"), ("key", _shell["key.pem"]), ("public", _shell["key.pub"]), ("empty", _shell["empty"])];
        _shell.Objects($"$null = Publish-BeeImage tool:v1 -Destination $name -Store $store -Sign $key -SignatureLayout {layout}", variables);
        string image = registry.Repository("me/tool").Tags["v1"];
        const string Save = "Save-BeeImage $name -Store $empty -PublicKey $public";
        foreach ((string what, Fault fault) in Wrongs)
        {
            // Manifests and lists of the signature fail, but not those of the image.
            int hits = 0;
            async Task OfSignature(HttpExchange exchange, Func<Task<HttpAnswer>> serve)
            {
                bool isImage = exchange.Path.EndsWith("/v1", StringComparison.Ordinal) || (exchange.Path.Contains("/manifests/", StringComparison.Ordinal) && exchange.Path.EndsWith(image, StringComparison.Ordinal));
                Interlocked.Add(ref hits, isImage ? 0 : 1);
                await (isImage ? exchange.SendAsync(await serve()) : fault(exchange, serve));
            }

            foreach (Stage stage in new[] { Stage.HeadManifest, Stage.GetManifest, Stage.Referrers })
            {
                registry.Inject(stage, OfSignature);
            }

            ErrorRecord error = _shell.Error(Save, variables);
            Assert.True(error.FullyQualifiedErrorId.StartsWith("Trust.", StringComparison.Ordinal) || error.FullyQualifiedErrorId.StartsWith("Registry.", StringComparison.Ordinal), $"{what}: {error.FullyQualifiedErrorId} {error}");
            Assert.True(hits > 0, what);
            Assert.Empty(_shell.Objects("Get-BeeImage -Store $empty", variables));
            registry.Heal();
        }

        Assert.Single(_shell.Objects(Save, variables));
    }

    public void Dispose() => _shell.Dispose();
}

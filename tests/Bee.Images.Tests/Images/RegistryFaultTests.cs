using System.Management.Automation;
using Bee.Registries;

namespace Bee.Images.Tests;

/// <summary>A failing registry: one error with a specific id, and no incomplete image in the registry or the store.</summary>
public sealed class RegistryFaultTests : IDisposable
{
    private const string Repository = "me/tool";

    private readonly RegistryShell _shell = new();

    private static readonly (string Cmdlet, Stage Stage, Fault Fault, string Id)[] s_rows =
    [
        ("Save", Stage.GetManifest, Faults.WrongBytes, "DigestMismatch"),
        ("Save", Stage.GetManifest, Faults.Endless, "TooLarge"),
        ("Save", Stage.GetManifest, Faults.Error(403, "DENIED"), "Denied"),
        ("Save", Stage.GetManifest, Faults.Status(401), "Unauthorized"),
        ("Save", Stage.GetManifest, Faults.Error(404, "MANIFEST_UNKNOWN"), "NotFound"),
        ("Save", Stage.GetManifest, Faults.Status(405), "Unsupported"),
        ("Save", Stage.GetManifest, Faults.Garbage, "BadAnswer"),
        ("Save", Stage.GetManifest, Faults.Redirect($"/v2/{Repository}/manifests/v1"), "Unsafe"),
        ("Save", Stage.GetBlob, Faults.WrongBytes, "DigestMismatch"),
        ("Save", Stage.GetBlob, Faults.WrongLength(1), "DigestMismatch"),
        ("Save", Stage.GetBlob, Faults.Error(404, "BLOB_UNKNOWN"), "NotFound"),
        ("Publish", Stage.StartUpload, Faults.Error(403, "DENIED"), "Denied"),
        ("Publish", Stage.StartUpload, Faults.Error(400, "NAME_INVALID"), "BadName"),
        ("Publish", Stage.StartUpload, Faults.Header("Location", null), "BadAnswer"),
        ("Publish", Stage.PutUpload, Faults.Error(400, "DIGEST_INVALID"), "Refused"),
        ("Publish", Stage.PutManifest, Faults.Error(400, "MANIFEST_INVALID"), "Refused"),
        ("Publish", Stage.PutManifest, Faults.Error(401, "UNAUTHORIZED"), "Unauthorized"),
        ("Find", Stage.Tags, Faults.Answer(HttpAnswer.Json(200, "{\"tags\":[")), "BadAnswer"),
        ("Find", Stage.Tags, Faults.Error(404, "NAME_UNKNOWN"), "NotFound"),
        ("Remove", Stage.DeleteManifest, Faults.Error(403, "DENIED"), "Denied"),
    ];

    // These faults are retried for some seconds first.
    private static readonly (string Cmdlet, Stage Stage, Fault Fault, string Id)[] s_patient =
    [
        ("Save", Stage.GetBlob, Faults.CutAnswer(10), "Broken"),
        ("Publish", Stage.PutManifest, Faults.Status(503), "ServerError"),
        ("Find", Stage.Tags, Faults.Status(429), "TooManyRequests"),
    ];

    [Fact]
    public void Fault_is_one_error_and_leaves_nothing()
    {
        foreach ((string cmdlet, Stage stage, Fault fault, string id) in s_rows)
        {
            AssertFault(_shell.Shell, cmdlet, stage, fault, id);
        }
    }

    [Fact]
    public void Persistent_fault_is_one_error_after_all_retries() =>
        Parallel.ForEach(s_patient, row =>
        {
            using var shell = new Shell();
            AssertFault(shell, row.Cmdlet, row.Stage, row.Fault, row.Id);
        });

    [Fact]
    public void Unreachable_registry_and_missing_TLS_have_specific_errors()
    {
        using var authority = new TestAuthority();
        string gone;
        using (var registry = new FaultyRegistry())
        {
            gone = registry.Host;
        }

        Assert.StartsWith("Registry.Unreachable", _shell.Error("Find-BeeImage $name", ("name", $"{gone}/{Repository}")).FullyQualifiedErrorId, StringComparison.Ordinal);
        using var plain = new FaultyRegistry();
        ErrorRecord error = _shell.Error("Find-BeeImage $name -CACertificate $file", ("name", $"{plain.Host}/{Repository}"), ("file", authority.Certificate));
        Assert.StartsWith("Registry.Certificate", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void Control_characters_from_a_registry_are_made_visible()
    {
        using var registry = new FaultyRegistry();
        registry.Inject(Stage.Tags, Faults.Error(403, "DENIED", "\u001b[2J\u001b]0;owned\u0007no"));
        string message = _shell.Error("Find-BeeImage $name", ("name", $"{registry.Host}/{Repository}")).ToString();
        Assert.DoesNotContain(message, char.IsControl);
        Assert.Contains("no", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fault_of_one_image_does_not_affect_the_others()
    {
        using var registry = new FaultyRegistry();
        string name = $"{registry.Host}/{Repository}";
        _shell.Objects("$null = Publish-BeeImage tool:v1 -Destination $one -Store $store; $null = Publish-BeeImage tool:v1 -Destination $two -Store $store", ("one", name + ":v1"), ("two", name + ":v2"));
        registry.Inject(Stage.GetManifest, Faults.Error(403, "DENIED"), times: 1);
        ShellResult result = _shell.Shell.Run("Save-BeeImage $one, $two -Store $store", ("store", _shell.Store), ("one", name + ":v1"), ("two", name + ":v2"));
        Assert.Equal(name + ":v1", $"{Assert.Single(result.Errors).TargetObject}");
        Assert.Equal(name + ":v2", $"{Assert.Single(result.Output).Properties["Reference"].Value}");
    }

    public void Dispose() => _shell.Dispose();

    private void AssertFault(Shell shell, string cmdlet, Stage stage, Fault fault, string id)
    {
        using var registry = new FaultyRegistry();
        string what = $"{cmdlet} {stage} {id}";
        // Not named after the registry, because the system may choose the same port again.
        string empty = _shell[$"empty-{Guid.NewGuid():n}"];
        (string, object?)[] variables = [("store", _shell.Store), ("empty", empty), ("name", $"{registry.Host}/{Repository}:v1")];
        const string Publish = "Publish-BeeImage tool:v1 -Destination $name -Store $store";
        if (cmdlet != "Publish")
        {
            shell.Objects("$null = " + Publish, variables);
        }

        Injection injection = registry.Inject(stage, fault);
        ErrorRecord error = shell.Error(
            cmdlet switch
            {
                "Publish" => Publish,
                "Find" => "Find-BeeImage $name.Substring(0, $name.Length - 3)",
                "Remove" => "Remove-BeeImage $name -Remote -Confirm:$false",
                _ => "Save-BeeImage $name -Store $empty",
            },
            variables);
        Assert.True(error.FullyQualifiedErrorId.StartsWith($"Registry.{id},", StringComparison.Ordinal), $"{what}: {error.FullyQualifiedErrorId}: {error}");
        Assert.True(injection.Hits > 0, what);
        Assert.NotNull(error.TargetObject);

        // No image has the name, in the registry or in the store, and all blobs are complete.
        Assert.Empty(shell.Objects("Get-BeeImage -Store $empty", variables));
        MemoryRepository repository = registry.Repository(Repository);
        Assert.Equal(cmdlet == "Publish" ? 0 : 1, repository.Tags.Count);
        Assert.All(repository.Blobs, blob => Assert.Equal(blob.Key, MemoryRepository.Digest(blob.Value)));

        registry.Heal();
        shell.Objects(cmdlet == "Publish" ? "$null = " + Publish : "$null = Save-BeeImage $name -Store $empty", variables);
    }
}

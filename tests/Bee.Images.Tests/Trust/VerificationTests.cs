using System.Management.Automation;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Bee.Registries;

namespace Bee.Images.Tests;

/// <summary>Policies and keys of the cmdlets that save and run images.</summary>
[Collection("Alone")]
public sealed class VerificationTests : IDisposable
{
    private readonly RegistryShell _shell = new();
    private DebianRegistry? _registry;
    private readonly string? _configuration = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");

    public VerificationTests()
    {
        Environment.SetEnvironmentVariable("XDG_CONFIG_HOME", _shell["config"]);
        WriteKey("mine");
        WriteKey("other");
    }

    // Started by the first test that needs it.
    private DebianRegistry Registry => _registry ??= DebianRegistry.Start();

    private string Repository => $"{Registry.Host}/me/tool";

    private string Name => $"{Repository}:v1";

    [ToolTheory(Tool.Registry)]
    [InlineData("Tag")]
    [InlineData("Referrer")]
    [InlineData("Bundle")]
    public void Signed_image_is_saved_run_and_tested_only_with_its_key(string layout)
    {
        Publish($"-Sign $mine -SignatureLayout {layout}");
        _shell.Objects("Remove-BeeImage $name -Store $store -ErrorAction Ignore", Names);

        Refused("Trust.NotVerified", "Save-BeeImage $name -Store $store -PublicKey $otherPublic", "did not make it");
        AssertNotStored();
        Assert.Single(_shell.Objects("Save-BeeImage $name -Store $store -PublicKey $minePublic", Names));

        // From the store, after the registry has been stopped.
        Registry.Kill();
        Assert.Equal(["Ok"], States("Test-BeeImage $name -Store $store -PublicKey $otherPublic, $minePublic"));
        Assert.Equal(["Failed"], States("Test-BeeImage $name -Store $store -PublicKey $otherPublic"));
        Assert.Empty(States("Test-BeeImage $name -Store $store"));
        Refused("Trust.NotVerified", "Invoke-BeeProgram $name -Store $store -PublicKey $otherPublic -Duration 1", "did not make it");
        Refused("Trust.NotVerified", "Start-BeeProgram $name -Store $store -PublicKey $otherPublic", "did not make it");
        Assert.Empty(_shell.Objects("Get-BeeProgram"));
    }

    [ToolFact(Tool.Registry)]
    public void Later_signature_is_pulled_unless_Pull_is_Never()
    {
        // Published under its own name, so the signature exists only in the registry.
        _shell.Objects("$null = Copy-BeeImage tool:v1 $name -Store $store; $null = Publish-BeeImage tool:v1 -Destination $name -Store $store -Sign $mine", [.. Names, ("name", Name)]);
        Refused("Trust.NotVerified", "Invoke-BeeProgram $name -Store $store -PublicKey $minePublic -Pull Never -Duration 1", "it has no signature");
        Refused("Trust.NotVerified", "Invoke-BeeProgram $name -Store $store -PublicKey $otherPublic -Duration 1", "it has no signature");
        string told = string.Join('\n', _shell.Shell.Run(
            "Invoke-BeeProgram $name -Store $store -PublicKey $minePublic -Duration 0.1 -Verbose 4>&1", [.. Names, ("store", _shell.Store)]).Output.Select(line => $"{line}"));
        Assert.Contains("signatures of sha256:", told, StringComparison.Ordinal);
        Assert.Contains("signed with the key", told, StringComparison.Ordinal);
        Registry.Kill();
        Assert.Equal(["Ok"], States("Test-BeeImage $name -Store $store -PublicKey $minePublic"));
    }

    [ToolFact(Tool.Registry)]
    public void Unsigned_image_is_neither_saved_nor_pulled_to_run()
    {
        Publish("");
        Refused("Trust.NotVerified", "Save-BeeImage $name -Store $store -PublicKey $minePublic", "it has no signature");
        Refused("Trust.NotVerified", "Invoke-BeeProgram $name -Store $store -PublicKey $minePublic -Duration 1", "it has no signature");
        Refused("Trust.NoKey", "Save-BeeImage $name -Store $store -RequireSignature", "no key");
        Assert.Equal(["Failed"], States("Test-BeeImage $name -Store $store -Pull Missing -PublicKey $minePublic"));
        AssertNotStored();
    }

    [ToolFact(Tool.Registry)]
    public void Users_policy_applies_to_saving_and_to_images_saved_before()
    {
        Publish("-Sign $mine");
        _shell.Objects("$null = Save-BeeImage $name -Store $store", Names);
        WritePolicy($$"""{ "default": "deny", "rules": [ { "reference": "{{Registry.Host}}/me/*", "keys": [ "../other.pub" ] } ] }""");
        Refused("Trust.NotVerified", "Invoke-BeeProgram $name -Store $store -Duration 1", "policy.json, line 1");
        Refused("Trust.NotVerified", "Get-BeeImage $name -Store $store | Invoke-BeeProgram -Duration 1", "did not make it");
        Assert.Equal(["Failed"], States("Test-BeeImage $name -Store $store"));
        _shell.Objects("Remove-BeeImage $name -Store $store", Names);
        Refused("Trust.NotVerified", "Save-BeeImage $name -Store $store", "did not make it");

        WritePolicy($$"""{ "default": "deny", "rules": [ { "reference": "{{Registry.Host}}/me/*", "keys": [ "../other.pub", "../mine.pub" ] } ] }""");
        Assert.Contains("signed with the key", _shell.Verbose("Save-BeeImage $name -Store $store -RequireSignature", Names), StringComparison.Ordinal);
        Assert.Equal(["Ok"], States("Test-BeeImage $name -Store $store"));

        WritePolicy("""{ "default": "deny" }""");
        ErrorRecord denied = Refused("Trust.Denied", "Save-BeeImage $name -Store $store", "the default of");
        Assert.Equal(ErrorCategory.SecurityError, denied.CategoryInfo.Category);

        // Another policy replaces the user's.
        File.WriteAllText(_shell["free.json"], """{ "default": "allow" }""");
        Assert.Single(_shell.Objects("Save-BeeImage $name -Store $store -Policy $free", [.. Names, ("free", _shell["free.json"])]));
    }

    [ToolFact(Tool.Registry)]
    public void Invalid_policy_blocks_remote_images_and_no_local_ones()
    {
        Publish("");
        _shell.Objects("$null = Save-BeeImage $name -Store $store", Names);
        WritePolicy("{ \"default\": \"deny\",\n  \"rulez\": [] }");
        foreach (string command in new[] { "Save-BeeImage $name -Store $store", "Invoke-BeeProgram $name -Store $store -Duration 1" })
        {
            ErrorRecord error = Refused("Trust.BadPolicy", command, "policy.json:2:3");
            Assert.Equal(2, (int)error.Exception.GetType().GetProperty("Line")!.GetValue(error.Exception)!);
        }

        Assert.Single(_shell.Objects("Test-BeeImage tool:v1 -Store $store | Where-Object Name -eq Object", Names));
        Assert.Empty(States("Test-BeeImage tool:v1 -Store $store"));
    }

    [ToolFact(Tool.Registry)]
    public void Only_the_listed_digest_passes()
    {
        Publish("");
        WritePolicy($$"""{ "default": "allow", "rules": [ { "reference": "{{Registry.Host}}/me/*", "digests": [ "{{_shell.Digest("tool:v1")}}" ] } ] }""");
        Assert.Single(_shell.Objects("Save-BeeImage $name -Store $store", Names));

        // The tag moves to another image; the name keeps the listed one.
        string listed = _shell.Digest(Name);
        _shell.BuildAnother("another:v1");
        _shell.Objects("$null = Publish-BeeImage another:v1 -Destination $name -Store $store", Names);
        Refused("Trust.NotVerified", "Save-BeeImage $name -Store $store", "does not list");
        Refused("Trust.NotVerified", "Invoke-BeeProgram $name -Store $store -Pull Always -Duration 1", "does not list");
        Assert.Equal(listed, _shell.Digest(Name));
    }

    [ToolFact(Tool.Registry)]
    public void Signature_of_another_repository_is_not_valid()
    {
        Publish("-Sign $mine");
        _shell.Objects("$null = Save-BeeImage $name -Store $store; $null = Copy-BeeImage $name $other -Remote", [.. Names, ("other", $"{Registry.Host}/you/tool:v1")]);
        Refused("Trust.NotVerified", $"Save-BeeImage {Registry.Host}/you/tool:v1 -Store $store -PublicKey $minePublic", "/me/tool");
    }

    [Fact]
    public void Local_image_runs_unless_a_signature_is_required()
    {
        WritePolicy("""{ "default": "deny" }""");
        (string, object?)[] names = [("minePublic", _shell["mine.pub"]), ("source", _shell.Source)];
        ErrorRecord error = _shell.Error("Invoke-BeeProgram $source -PublicKey $minePublic -Duration 1", names);
        Assert.StartsWith("Trust.Unverifiable,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        error = _shell.Error("Invoke-BeeProgram $source -RequireSignature -Duration 1", names);
        Assert.StartsWith("Trust.Unverifiable,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        error = _shell.Error("Invoke-BeeProgram tool:v1 -Store $store -PublicKey $minePublic -Duration 1", names);
        Assert.StartsWith("Trust.NotVerified,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        error = _shell.Error("Invoke-BeeProgram tool:v1 -Store $store -RequireSignature -Duration 1", names);
        Assert.StartsWith("Trust.NoKey,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Local_image_without_requirements_runs()
    {
        WritePolicy("""{ "default": "deny" }""");
        Assert.Empty(_shell.Shell.Run("Invoke-BeeProgram tool:v1 -Store $store -Duration 0.2; Invoke-BeeProgram $source -Duration 0.2", ("store", _shell.Store), ("source", _shell.Source)).Errors);
    }

    [Theory]
    [InlineData("ghcr.io/Me/tool:v1")]
    [InlineData("docker://ghcr.io/me/tool:v1")]
    [InlineData("ghcr.io/a//b")]
    [InlineData("ghcr.io/me/tool:v1 ")]
    [InlineData(" tool:v1")]
    [InlineData("ghcr.io:99999/me/tool")]
    [InlineData("gh\u0441r.io/me/tool:v1")]
    [InlineData("ghcr\uff0eio/me/tool:v1")]
    [InlineData("tool\u200b:v1")]
    [InlineData("tool\u0007:v1")]
    [InlineData("../tool:v1")]
    [InlineData("/etc/tool")]
    [InlineData("localhost/..")]
    [InlineData("ada:typed-s3cret@ghcr.io/me/tool")]
    [InlineData("Tool:v1")]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("")]
    [InlineData(null)]
    public void Policy_rejects_an_image_whose_name_is_not_a_reference(string? name)
    {
        SetName(_shell.Store, name);
        WritePolicy("""{ "default": "allow" }""");
        (string, object?)[] variables = [("store", _shell.Store), ("name", name), ("mine", _shell["mine.pub"])];

        Assert.Equal(["Failed"], States("Get-BeeImage -Store $store | Test-BeeImage -Store $store"));
        ErrorRecord error = _shell.Error("Get-BeeImage -Store $store | Invoke-BeeProgram -Store $store -Duration 1", variables);
        Assert.StartsWith("Trust.Denied,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.DoesNotContain("typed-s3cret", $"{error}", StringComparison.Ordinal);
        Assert.StartsWith("Trust.Denied,", _shell.Error("Start-BeeProgram (Get-BeeImage -Store $store).Digest -Store $store", variables).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("Trust.Unverifiable,", _shell.Error("Get-BeeImage -Store $store | Invoke-BeeProgram -Store $store -PublicKey $mine -Duration 1", variables).FullyQualifiedErrorId, StringComparison.Ordinal);

        // A user who trusts it can give it a name. Without a policy nothing is checked.
        Assert.Single(_shell.Objects("$null = Copy-BeeImage (Get-BeeImage -Store $store).Digest known:v1 -Store $store; Test-BeeImage known:v1 -Store $store -Quiet", variables), result => $"{result}" == "True");
        File.Delete(_shell["config/bee/policy.json"]);
        Assert.Empty(States("Get-BeeImage -Store $store | Test-BeeImage -Store $store"));
    }

    [Theory]
    [InlineData("v1", "ghcr.io/me/tool:v1", "Failed")]
    [InlineData("v1", "ghcr.io/Me/tool:v1", "Failed")]
    [InlineData("v1", "registry.lan/me/tool:v1", "Ok")]
    [InlineData("GHCR.io:443/me/tool:v1", null, "Failed")]
    public void Policy_applies_to_the_full_reference_from_containerd(string name, string? whole, string state)
    {
        SetName(_shell.Store, name, whole);
        WritePolicy("""{ "default": "deny", "rules": [ { "reference": "registry.lan/*", "action": "allow" }, { "reference": "ghcr.io/*", "action": "deny" } ] }""");

        Assert.Equal([state], States("Get-BeeImage -Store $store | Test-BeeImage -Store $store"));

        // A name that the user gave is treated like any other.
        _shell.Objects("$null = Copy-BeeImage (Get-BeeImage -Store $store).Digest known:v1 -Store $store", Names);
        Assert.Empty(States("Test-BeeImage known:v1 -Store $store"));
    }

    [Theory]
    [InlineData("ghcr.io/Me/tool:v1", null)]
    [InlineData("v1", "ghcr.io/Me/tool:v1")]
    [InlineData("v1", "docker://tool")]
    public void Import_under_a_policy_rejects_a_name_that_is_not_a_reference(string name, string? whole)
    {
        SetName(_shell.Store, name, whole);
        WritePolicy("""{ "default": "deny" }""");
        (string, object?)[] variables = [("layout", _shell.Store), ("new", _shell["new"])];

        Assert.StartsWith("Trust.Denied,", _shell.Error("Import-BeeImage $layout -Store $new", variables).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty(_shell.Objects("Get-BeeImage -Store $new", variables));
        Assert.Equal("known:v1", $"{Assert.Single(_shell.Objects("(Import-BeeImage $layout known:v1 -Store $new).Reference", variables))}");
        File.Delete(_shell["config/bee/policy.json"]);
        Assert.Single(_shell.Objects("Import-BeeImage $layout -Store $new", variables));
    }

    [Theory]
    [InlineData("mine.key", "Signature.BadKey")]
    [InlineData("tool.bpf.c", "Signature.BadKey")]
    [InlineData("nothing.pub", "FileNotFound")]
    public void File_that_is_not_a_public_key_is_an_error(string file, string id)
    {
        ErrorRecord error = _shell.Error("Invoke-BeeProgram tool:v1 -Store $store -PublicKey $key -Duration 1", ("key", _shell[file]));
        Assert.StartsWith($"{id},", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [ToolFact(Tool.Registry)]
    public void Default_registry_is_read_from_the_variable_and_mirrors_are_asked_first()
    {
        Publish("");
        string? before = Environment.GetEnvironmentVariable("BEE_REGISTRY");
        Environment.SetEnvironmentVariable("BEE_REGISTRY", $"{Registry.Host}/me");
        try
        {
            Assert.Equal(Name, $"{Assert.Single(_shell.Objects("(Find-BeeImage tool:v1).Reference", Names))}");
            _shell.Objects("Remove-BeeImage tool:v1 -Store $store", Names);
            Assert.Equal(Name, $"{Assert.Single(_shell.Objects("(Save-BeeImage tool:v1 -Store $store).Reference", Names))}");
        }
        finally
        {
            Environment.SetEnvironmentVariable("BEE_REGISTRY", before);
        }

        // A registry that does not exist, with this one as its mirror.
        Directory.CreateDirectory(_shell["config/bee"]);
        File.WriteAllText(_shell["config/bee/registries.json"], $$"""{ "registries": { "registry.invalid": { "mirrors": [ "127.0.0.1:1", "{{Registry.Host}}/me" ] } } }""");
        string told = _shell.Verbose("Save-BeeImage registry.invalid/tool:v1 -Store $store", Names);
        Assert.Contains("127.0.0.1:1/tool is skipped", told, StringComparison.Ordinal);
        Assert.Equal(_shell.Digest(Name), _shell.Digest("registry.invalid/tool:v1"));

        File.WriteAllText(_shell["config/bee/registries.json"], """{ "registry": { } }""");
        ErrorRecord error = _shell.Error("Save-BeeImage $name -Store $store", Names);
        Assert.StartsWith("BadSettings,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("registries.json:1:3: ", $"{error}", StringComparison.Ordinal);
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("XDG_CONFIG_HOME", _configuration);
        _registry?.Dispose();
        _shell.Dispose();
    }

    private (string, object?)[] Names =>
        [("store", _shell.Store), ("name", _registry is null ? null : Name), ("mine", _shell["mine.key"]), ("minePublic", _shell["mine.pub"]), ("otherPublic", _shell["other.pub"])];

    private void Publish(string arguments) =>
        _shell.Objects($"$null = Publish-BeeImage tool:v1 -Destination $name -Store $store {arguments}", [.. Names, ("name", Name)]);

    private ErrorRecord Refused(string id, string script, string says)
    {
        ErrorRecord error = _shell.Error(script, Names);
        Assert.StartsWith($"{id},", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(says, $"{error}", StringComparison.Ordinal);
        return error;
    }

    // As in a layout of another tool, where the name is any text or is missing.
    private static void SetName(string store, string? name, string? whole = null)
    {
        string path = Path.Combine(store, "index.json");
        JsonNode index = JsonNode.Parse(File.ReadAllText(path))!;
        var annotations = (JsonObject)index["manifests"]![0]!["annotations"]!;
        annotations.Remove("org.opencontainers.image.ref.name");
        if (name is not null)
        {
            annotations["org.opencontainers.image.ref.name"] = name;
        }

        if (whole is not null)
        {
            annotations["io.containerd.image.name"] = whole;
        }

        File.WriteAllText(path, index.ToJsonString());
    }

    private string[] States(string test) =>
        [.. _shell.Objects($"({test} | Where-Object Name -eq Signature).State", Names).Select(state => $"{state}").Where(state => state.Length > 0)];

    private void AssertNotStored() => Assert.Empty(_shell.Objects("Get-BeeImage * -Store $store | Where-Object Repository -like '*/me/tool'", Names));

    private void WritePolicy(string text)
    {
        Directory.CreateDirectory(_shell["config/bee"]);
        File.WriteAllText(_shell["config/bee/policy.json"], text.Replace("../", "../../", StringComparison.Ordinal));
    }

    private void WriteKey(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(_shell[$"{name}.key"], key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(_shell[$"{name}.pub"], key.ExportSubjectPublicKeyInfoPem());
    }
}

using System.Management.Automation;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Bee.Registries;

namespace Bee.Images.Tests;

/// <summary>Images for several platforms, transferred through a registry.</summary>
[Collection("Alone")]
public sealed class PlatformImageTests : IDisposable
{
    private readonly RegistryShell _shell = new();
    private readonly DebianRegistry? _registry = DebianRegistry.Missing is null ? DebianRegistry.Start() : null;
    private readonly string? _configuration = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");

    public PlatformImageTests() => Environment.SetEnvironmentVariable("XDG_CONFIG_HOME", _shell["config"]);

    private string Name => $"{_registry!.Host}/me/tool:v1";

    [ToolFact(Tool.Registry)]
    public void Index_is_pushed_whole_and_pulled_whole_or_for_one_platform()
    {
        string index = Publish("");
        IReadOnlyList<PSObject> found = _shell.Objects("Find-BeeImage $name -Detailed", Names);
        Assert.Equal(index, $"{Assert.Single(found).Properties["Digest"].Value}");
        // The size of the manifests' layers, which no request has read yet.
        Assert.Null(found[0].Properties["Size"].Value);

        dynamic whole = Assert.Single(_shell.Objects("Save-BeeImage $name -Store $other", Names)).BaseObject;
        Assert.Equal(index, whole.Digest);
        Assert.Equal(["linux/amd64", "linux/arm64", "linux/s390x"], ((IEnumerable<object>)whole.Platforms).Select(platform => $"{platform}"));

        dynamic one = Assert.Single(_shell.Objects("Save-BeeImage $name -Platform s390x -Store $other", Names)).BaseObject;
        Assert.NotEqual(index, one.Digest);
        Assert.Equal("linux/s390x", $"{one.Platform}");
        ErrorRecord error = _shell.Error("Invoke-BeeProgram $name -Store $other -Duration 1", Names);
        Assert.StartsWith("OtherPlatform,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("linux/s390x", $"{error}", StringComparison.Ordinal);
        Assert.Contains($"Save-BeeImage {Name}", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);

        error = _shell.Error("Save-BeeImage $name -Platform riscv64 -Store $other", Names);
        Assert.StartsWith("Registry.NoPlatform,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("linux/s390x", $"{error}", StringComparison.Ordinal);
    }

    [KernelFact]
    public void Index_runs_the_program_for_this_machine()
    {
        Build();
        Assert.Empty(_shell.Shell.Run("Invoke-BeeProgram many:v1 -Store $store -Duration 0.2", ("store", _shell.Store)).Errors);
        Assert.Equal("ok", $"{Assert.Single(_shell.Objects("if (Test-BeeImage many:v1 -Store $store | Where-Object { $_.Name -in 'Object', 'Digests', 'Platform' -and $_.State -ne 'Ok' }) { 'not' } else { 'ok' }"))}");
    }

    [ToolFact(Tool.Skopeo)]
    public void Exported_index_is_readable_by_other_tools()
    {
        Build();
        _shell.Objects("$null = Export-BeeImage many:v1 -Store $store -OutFile $file", ("file", _shell["many.tar"]));
        ToolRun run = Tool.Run(Tool.Skopeo, ["inspect", "--raw", $"oci-archive:{_shell["many.tar"]}"], _shell["."]);
        Assert.True(run.ExitCode == 0, run.Messages);
        JsonArray manifests = JsonNode.Parse(run.Output)!["manifests"]!.AsArray();
        Assert.Equal(["amd64", "arm64", "s390x"], manifests.Select(manifest => (string)manifest!["platform"]!["architecture"]!));
    }

    [ToolFact(Tool.Registry)]
    public void Signing_an_index_signs_it_and_each_platform()
    {
        using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
        {
            File.WriteAllText(_shell["me.key"], key.ExportPkcs8PrivateKeyPem());
            File.WriteAllText(_shell["me.pub"], key.ExportSubjectPublicKeyInfoPem());
        }

        Publish("-Sign $key");
        Assert.Single(_shell.Objects("Save-BeeImage $name -Store $other -PublicKey $public", Names));
        Assert.Empty(_shell.Shell.Run("Test-BeeImage $name -Store $other -PublicKey $public | Where-Object { $_.Name -eq 'Signature' -and $_.State -ne 'Ok' }", [.. Names]).Output);

        // Each platform's manifest has its own signature, so the same rule applies to a single platform.
        string here = System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";
        Assert.Single(_shell.Objects($"Save-BeeImage $name -Platform {here} -Store $other -PublicKey $public", Names));
        _registry!.Kill();
        Assert.Equal("Ok", $"{Assert.Single(_shell.Objects("(Test-BeeImage $name -Store $other -PublicKey $public | Where-Object Name -eq Signature).State", Names))}");
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("XDG_CONFIG_HOME", _configuration);
        _registry?.Dispose();
        _shell.Dispose();
    }

    private (string, object?)[] Names => [("name", Name), ("other", _shell["other"]), ("key", _shell["me.key"]), ("public", _shell["me.pub"])];

    private void Build() => _shell.Objects("$null = Invoke-BeeBuild $source -Tag many:v1 -Platform amd64,arm64,s390x -Store $store", ("source", _shell.Source));

    private string Publish(string arguments)
    {
        Build();
        return $"{Assert.Single(_shell.Objects($"(Publish-BeeImage many:v1 -Destination $name -Store $store {arguments}).Digest", Names))}";
    }
}

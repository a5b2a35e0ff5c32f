using System.Management.Automation;
using System.Security.Cryptography;
using Bee.Registries;

namespace Bee.Images.Tests;

/// <summary>Publish-BeeImage -Sign, verified with cosign.</summary>
[Collection("Alone")]
public sealed class SignTests : IDisposable
{
    private const string Password = "correct-horse-battery";

    private readonly TempFolder _folder = new();
    private readonly Shell _shell = new();
    private readonly DebianRegistry? _registry = DebianRegistry.Missing is null ? DebianRegistry.Start() : null;

    private string Name => $"{_registry!.Host}/me/tool:v1";

    [ToolTheory(Tool.Registry, Tool.Cosign, Tool.Cosign3)]
    [InlineData("Tag", Tool.Cosign)]
    [InlineData("Tag", Tool.Cosign3)]
    [InlineData("Bundle", Tool.Cosign3)]
    public void Cosign_accepts_the_published_signature(string layout, string tool)
    {
        Build();
        _ = Cosign(tool, "generate-key-pair").Success;
        PSObject image = Assert.Single(_shell.Objects(
            "Publish-BeeImage tool:v1 -Destination $name -Store $store -Sign $key -SignPassword (ConvertTo-SecureString $password -AsPlainText -Force) -SignatureLayout $layout",
            [.. Variables("cosign.key"), ("layout", layout)]));

        Assert.Equal(Name, $"{image.Properties["Reference"].Value}");
        ToolRun run = Cosign(tool, "verify", "--key", "cosign.pub", "--insecure-ignore-tlog=true", Name);
        Assert.True(run.ExitCode == 0, run.Messages);
    }

    [ToolFact(Tool.Registry)]
    public void Missing_password_is_an_error_without_a_prompt_and_nothing_is_pushed()
    {
        Build();
        WriteKey();
        const string Publish = "Publish-BeeImage tool:v1 -Destination $name -Store $store -Sign $key";
        ErrorRecord missing = _shell.Error(Publish, Variables("key.pem"));
        Assert.Equal("Signature.PasswordNeeded,Bee.Cmdlets.Images.PublishImageCommand", missing.FullyQualifiedErrorId);
        Assert.Contains("-SignPassword", missing.ErrorDetails.RecommendedAction, StringComparison.Ordinal);

        ErrorRecord wrong = _shell.Error($"{Publish} -SignPassword (ConvertTo-SecureString 'another-secret' -AsPlainText -Force)", Variables("key.pem"));
        Assert.Equal("Signature.WrongPassword,Bee.Cmdlets.Images.PublishImageCommand", wrong.FullyQualifiedErrorId);
        Assert.Equal(ErrorCategory.AuthenticationError, wrong.CategoryInfo.Category);

        ErrorRecord none = _shell.Error("Publish-BeeImage tool:v1 -Destination $name -Store $store -Sign /nowhere/key", Variables("key.pem"));
        Assert.Equal("FileNotFound,Bee.Cmdlets.Images.PublishImageCommand", none.FullyQualifiedErrorId);
        Assert.DoesNotContain("PUT", _registry!.Log, StringComparison.Ordinal);
    }

    [ToolFact(Tool.Registry)]
    public void Password_is_read_from_the_environment_and_never_written()
    {
        Build();
        WriteKey();
        Environment.SetEnvironmentVariable("COSIGN_PASSWORD", Password);
        try
        {
            IReadOnlyList<PSObject> all = _shell.Run(
                "Publish-BeeImage tool:v1 -Destination $name -Store $store -Sign $key -Verbose -Debug -InformationAction Continue *>&1; Publish-BeeImage tool:v1 -Destination $name -Store $store -Sign $key -Verbose *>&1",
                Variables("key.pem")).Output;
            string text = string.Join('\n', all) + _shell.Screen;
            Assert.Contains("is signed with the key ECDSA P-256", text, StringComparison.Ordinal);
            Assert.DoesNotContain(Password, text, StringComparison.Ordinal);

            // Publishing it again adds no second signature.
            string[] signatures = [.. all.Select(line => $"{line}").Where(line => line.Contains("is signed with", StringComparison.Ordinal))];
            Assert.Equal(2, signatures.Length);
            Assert.Equal(signatures[0], signatures[1]);
        }
        finally
        {
            Environment.SetEnvironmentVariable("COSIGN_PASSWORD", null);
        }
    }

    [ToolFact(Tool.Registry)]
    public void Signature_is_stored_with_the_local_image()
    {
        Build();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(_folder["plain.pem"], key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(_folder["plain.pub"], key.ExportSubjectPublicKeyInfoPem());
        _shell.Objects("Copy-BeeImage tool:v1 $name -Store $store; Publish-BeeImage $name -Store $store -Sign $key", Variables("plain.pem"));

        PSObject result = Assert.Single(_shell.Objects(
            "Test-BeeImage $name -Store $store -PublicKey $public | Where-Object Name -eq Signature", [.. Variables("plain.pem"), ("public", _folder["plain.pub"])]));
        Assert.Equal("Ok", $"{result.Properties["State"].Value}");
    }

    [ToolFact(Tool.Registry)]
    public void Failure_to_store_the_signature_locally_is_only_a_warning()
    {
        Build();
        File.WriteAllText(_folder["plain.pem"], ECDsa.Create(ECCurve.NamedCurves.nistP256).ExportPkcs8PrivateKeyPem());
        System.Diagnostics.Process.Start("chmod", ["600", _folder["plain.pem"]]).WaitForExit();
        _shell.Objects("Copy-BeeImage tool:v1 $name -Store $store", Variables("plain.pem"));
        // Even root cannot lock this store, but can read it.
        Directory.Delete(_folder["store/.bee"], recursive: true);
        File.WriteAllText(_folder["store/.bee"], "");

        IReadOnlyList<PSObject> all = _shell.Objects("Publish-BeeImage $name -Store $store -Sign $key 3>&1", Variables("plain.pem"));

        Assert.Contains("published and signed", $"{Assert.Single(all, item => item.BaseObject is WarningRecord)}", StringComparison.Ordinal);
        Assert.Equal(Name, $"{Assert.Single(all, item => item.BaseObject is not WarningRecord).Properties["Reference"].Value}");
    }

    [ToolFact(Tool.Registry)]
    public void WhatIf_signs_nothing()
    {
        Build();
        File.WriteAllText(_folder["plain.pem"], ECDsa.Create(ECCurve.NamedCurves.nistP256).ExportPkcs8PrivateKeyPem());
        Assert.Empty(_shell.Objects("Publish-BeeImage tool:v1 -Destination $name -Store $store -Sign $key -WhatIf", Variables("plain.pem")));
        Assert.DoesNotContain("PUT", _registry!.Log, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _registry?.Dispose();
        _shell.Dispose();
        _folder.Dispose();
    }

    private void Build() => RegistryShell.Built.CopyTo(_folder["store"]);

    private void WriteKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(_folder["key.pem"], key.ExportEncryptedPkcs8PrivateKeyPem(Password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
    }

    private (string, object?)[] Variables(string key) => [("name", Name), ("store", _folder["store"]), ("key", _folder[key]), ("password", Password)];

    private ToolRun Cosign(string tool, params string[] arguments) => Tool.Run(tool, arguments, _folder.Path, new Dictionary<string, string>
    {
        ["HOME"] = _folder.Path,
        ["COSIGN_PASSWORD"] = Password,
        ["HTTP_PROXY"] = "http://127.0.0.1:1",
        ["HTTPS_PROXY"] = "http://127.0.0.1:1",
        ["NO_PROXY"] = "127.0.0.1",
    });
}

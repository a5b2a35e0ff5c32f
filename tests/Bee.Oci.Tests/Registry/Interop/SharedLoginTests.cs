using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry.Interop;

/// <summary>Bee and other clients use the same stored logins.</summary>
[Collection(nameof(EnvironmentTests))]
public sealed class SharedLoginTests : IDisposable
{
    private const string Password = "p:ässword";

    private readonly DockerFolder _folder = new();
    private readonly Lazy<DebianRegistry> _registry = new(() => DebianRegistry.Start(new DebianRegistryOptions { Users = new Dictionary<string, string> { ["ada"] = Password } }));

    private string Host => _registry.Value.Host;

    public void Dispose()
    {
        if (_registry.IsValueCreated)
        {
            _registry.Value.Dispose();
        }

        _folder.Dispose();
    }

    [ToolFact(Tool.Registry, Tool.Oras)]
    public async Task Oras_and_Bee_share_theirs()
    {
        await KeepAsync();
        Assert.Empty(Tool.Run(Tool.Oras, ["repo", "ls", "--plain-http", Host]).Success.Trim());
        Tool.Run(Tool.Oras, ["logout", Host]);
        Assert.Null(await _folder.Docker.FindAsync(Host));

        Assert.NotNull(Tool.Run(Tool.Oras, ["login", "--plain-http", "-u", "ada", "-p", Password, Host]).Success);
        await AssertFoundAsync();
        Assert.True(await _folder.Docker.EraseAsync(Host));
        Assert.NotEqual(0, Tool.Run(Tool.Oras, ["repo", "ls", "--plain-http", Host]).ExitCode);
    }

    [ToolFact(Tool.Registry, Tool.Skopeo)]
    public async Task Skopeo_and_Bee_share_theirs()
    {
        // skopeo writes to this file; it reads docker's file too.
        _folder.Set("REGISTRY_AUTH_FILE", _folder.Config);
        await KeepAsync();
        Assert.Contains("ada", Tool.Run(Tool.Skopeo, ["login", "--get-login", Host]).Success, StringComparison.Ordinal);
        Assert.True(await _folder.Docker.EraseAsync(Host));
        Assert.NotEqual(0, Tool.Run(Tool.Skopeo, ["login", "--get-login", Host]).ExitCode);

        Assert.NotNull(Tool.Run(Tool.Skopeo, ["login", "--tls-verify=false", "-u", "ada", "-p", Password, Host]).Success);
        await AssertFoundAsync();
    }

    private async Task KeepAsync() =>
        await _folder.Docker.StoreAsync(Host, await LoginCheck.PasswordAsync(Host, "ada", Password, Wire.Quick));

    private async Task AssertFoundAsync()
    {
        RegistryCredential? found = await _folder.Docker.FindAsync(Host);
        Assert.Equal(("ada", Password), (found?.UserName, found?.Password));
        await LoginCheck.PasswordAsync(Host, found!.UserName!, found.Password!, Wire.Quick);
    }
}

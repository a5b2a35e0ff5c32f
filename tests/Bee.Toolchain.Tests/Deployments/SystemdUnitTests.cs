using Bee.Toolchain.Deployments;

namespace Bee.Toolchain.Tests.Deployments;

public sealed class SystemdUnitTests
{
    [Theory]
    [InlineData("/usr/bin/pwsh", "/opt/Bee/bee-run.ps1", "/var/lib/bee/store", "yes")]
    [InlineData("/usr/bin/pwsh", "/opt/Bee/bee-run.ps1", "/home/me/.local/share/bee/store", "read-only")]
    [InlineData("/usr/bin/pwsh", "/home/me/.local/share/powershell/Modules/Bee/bee-run.ps1", "/var/lib/bee/store", "read-only")]
    [InlineData("/root/.dotnet/tools/pwsh", "/opt/Bee/bee-run.ps1", "/var/lib/bee/store", "read-only")]
    public void Home_directories_are_readable_if_shell_module_or_store_is_in_one(string shell, string script, string store, string protection)
    {
        string unit = SystemdUnit.Write(Request("127.0.0.1:9435"), [shell, "-File", script], store);

        Assert.Contains($"\nProtectHome={protection}\n", unit, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/var/lib/bee/store", "yes")]
    [InlineData("/tmp/store", "no")]
    [InlineData("/var/tmp/store", "no")]
    public void Temporary_folders_are_shared_if_the_store_is_in_one(string store, string isPrivate) =>
        Assert.Contains($"\nPrivateTmp={isPrivate}\n", SystemdUnit.Write(Request("127.0.0.1:9435"), ["/usr/bin/pwsh"], store), StringComparison.Ordinal);

    [Theory]
    [InlineData("127.0.0.1:9435", true)]
    [InlineData("[::1]:9435", true)]
    [InlineData("0.0.0.0:9435", false)]
    [InlineData("[::]:9435", false)]
    public void Listening_beyond_loopback_requires_a_token_file(string listen, bool isLocal)
    {
        string unit = SystemdUnit.Write(Request(listen), ["/usr/bin/pwsh"], "/var/lib/bee/store");

        Assert.Equal(!isLocal, unit.Contains("\nEnvironmentFile=/etc/bee/opensnoop.env\n", StringComparison.Ordinal));
        Assert.Equal(isLocal, unit.Contains("\nIPAddressDeny=any\n", StringComparison.Ordinal));
    }

    private static DeploymentRequest Request(string listen) => new()
    {
        Name = "opensnoop",
        Image = "sha256:0",
        Capabilities = ["CAP_BPF"],
        MetricListen = listen,
    };
}

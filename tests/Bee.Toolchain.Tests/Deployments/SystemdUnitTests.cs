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
        var request = new DeploymentRequest
        {
            Name = "opensnoop",
            Image = "sha256:0",
            Capabilities = ["CAP_BPF"],
            MetricListen = "127.0.0.1:9435",
        };

        string unit = SystemdUnit.Write(request, [shell, "-File", script], store);

        Assert.Contains($"\nProtectHome={protection}\n", unit, StringComparison.Ordinal);
    }
}

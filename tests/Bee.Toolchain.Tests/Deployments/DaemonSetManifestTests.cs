using Bee.Toolchain.Deployments;

namespace Bee.Toolchain.Tests.Deployments;

public sealed class DaemonSetManifestTests
{
    [Fact]
    public void A_manifest_is_a_service_account_a_daemon_set_and_a_pod_monitor()
    {
        string manifest = DaemonSetManifest.Write(Request());

        Assert.Equal(["ServiceAccount", "DaemonSet", "PodMonitor"], manifest.Split('\n').Where(line => line.StartsWith("kind: ", StringComparison.Ordinal)).Select(line => line[6..]));
        Assert.DoesNotContain("namespace:", manifest, StringComparison.Ordinal);
        Assert.Equal(3, DaemonSetManifest.Write(Request(), "monitoring").Split("\n  namespace: monitoring\n").Length - 1);
    }

    [Fact]
    public void A_container_adds_the_capabilities_of_the_tool_and_drops_all_others()
    {
        string manifest = DaemonSetManifest.Write(Request());

        Assert.Matches("drop:\n +- ALL\n", manifest);
        Assert.Matches("add:\n +- BPF\n +- PERFMON\n", manifest);
        Assert.Contains("readOnlyRootFilesystem: true", manifest, StringComparison.Ordinal);
        Assert.Contains("allowPrivilegeEscalation: false", manifest, StringComparison.Ordinal);
    }

    [Fact]
    public void Folders_are_mounted_read_only_except_the_bpf_file_system()
    {
        string manifest = DaemonSetManifest.Write(Request() with { Folders = ["/sys/kernel/tracing", "/sys/fs/bpf"] });

        Assert.Matches("mountPath: \"?/sys/kernel/tracing\"?\n +readOnly: true\n", manifest);
        Assert.DoesNotMatch("mountPath: \"?/sys/fs/bpf\"?\n +readOnly", manifest);
        Assert.DoesNotContain("volumes:", DaemonSetManifest.Write(Request()), StringComparison.Ordinal);
    }

    [Fact]
    public void The_host_network_and_the_architecture_are_written_if_the_tool_needs_them()
    {
        string manifest = DaemonSetManifest.Write(Request() with { NeedsHostNetwork = true, Architecture = "arm64" });

        Assert.Contains("hostNetwork: true", manifest, StringComparison.Ordinal);
        Assert.Contains("kubernetes.io/arch: arm64", manifest, StringComparison.Ordinal);
        Assert.DoesNotContain("hostNetwork", DaemonSetManifest.Write(Request()), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_YAML_would_read_as_another_type_is_quoted()
    {
        string manifest = DaemonSetManifest.Write(Request() with { Version = "1.0", Arguments = ["yes", "12", "a: b", "plain"] });

        Assert.Contains("app.kubernetes.io/version: \"1.0\"", manifest, StringComparison.Ordinal);
        Assert.Matches("- \"yes\"\n +- \"12\"\n +- \"a: b\"\n +- plain\n", manifest);
    }

    private static DeploymentRequest Request() => new()
    {
        Name = "opensnoop",
        Image = "ghcr.io/me/opensnoop-container@sha256:0",
        Capabilities = ["CAP_BPF", "CAP_PERFMON"],
        MetricListen = "0.0.0.0:9435",
    };
}

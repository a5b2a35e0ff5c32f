using System.Globalization;
using System.Text.RegularExpressions;
using Bee.Packages;

namespace Bee.Deployments;

/// <summary>Validates the output of New-BeeDeployment against Kubernetes' schemas and systemd's checks, and compares it with the chart.</summary>
[Collection("Engine")]
public sealed partial class DeploymentTests(Engine engine)
{
    [KubernetesFact]
    public void A_DaemonSet_fits_the_schemas_of_Kubernetes_and_names_the_image_by_its_digest()
    {
        string manifest = DaemonSet("-Namespace bee -Parameter @{ target_pid = 4242 }");
        Assert.Equal(["v1/ServiceAccount", "apps/v1/DaemonSet", "monitoring.coreos.com/v1/PodMonitor"], KubernetesSchemas.Validate(manifest));
        Assert.Matches(@"image: ""ghcr\.io/me/opensnoop-container@sha256:[0-9a-f]{64}""", manifest);
        Assert.Contains("              drop:\n                - ALL\n              add:\n                - PERFMON\n                - BPF\n", manifest, StringComparison.Ordinal);
        Assert.Contains("            - \"target_pid=4242\"\n", manifest, StringComparison.Ordinal);

        // The validation detects errors.
        foreach ((string right, string wrong) in new[] { ("hostPID: true", "hostPid: true"), ("runAsUser: 0", "runAsUser: root"), ("readOnlyRootFilesystem", "readonlyRootFilesystem") })
        {
            Assert.Contains(right, manifest, StringComparison.Ordinal);
            Assert.Throws<InvalidOperationException>(() => KubernetesSchemas.Validate(manifest.Replace(right, wrong, StringComparison.Ordinal)));
        }
    }

    [KubernetesFact]
    public void The_chart_renders_to_the_same_pod()
    {
        string manifest = DaemonSet("");
        string image = ImageLine().Match(manifest).Groups[1].Value;
        string chart = Chart.Render(Project.File("deploy", "helm", "bee"), new Dictionary<string, object> { ["image"] = image });
        Assert.Equal(["apps/v1/DaemonSet", "monitoring.coreos.com/v1/PodMonitor", "v1/ServiceAccount"], KubernetesSchemas.Validate(chart).Order(StringComparer.Ordinal));
        foreach (string said in new[] { "hostPID: true", "allowPrivilegeEscalation: false", "readOnlyRootFilesystem: true", "runAsUser: 0", "path: /readyz", "path: /healthz", "key: token", $"image: \"{image}\"" })
        {
            Assert.Contains(said, manifest, StringComparison.Ordinal);
            Assert.Contains(said, chart, StringComparison.Ordinal);
        }

        Assert.Contains("""add: ["PERFMON","BPF"]""", chart, StringComparison.Ordinal);
    }

    [PodmanFact]
    public void A_unit_is_valid_and_exposes_little()
    {
        engine.Archive("opensnoop");
        string unit = engine["opensnoop.service"];
        Project.Script($"New-BeeDeployment opensnoop:v1 -Kind Systemd -OutFile '{unit}' -Store '{engine.Store}' | Out-Null");
        string text = File.ReadAllText(unit);
        Assert.Contains("\nCapabilityBoundingSet=CAP_PERFMON CAP_BPF CAP_DAC_READ_SEARCH\n", text, StringComparison.Ordinal);
        Assert.Matches(@"\nExecStart=.* sha256:[0-9a-f]{64} --metric-listen 127\.0\.0\.1:9435\n", text);
        if (Requirements.OnPath("systemd-analyze") is not { } analyze)
        {
            return;
        }

        ChildResult verified = Child.Run(analyze, ["verify", unit], TimeSpan.FromMinutes(1));
        Assert.True(verified.ExitCode == 0 && !verified.Messages.Contains("opensnoop.service", StringComparison.Ordinal), verified.Messages);
        string security = Child.Run(analyze, ["security", "--offline=true", "--no-pager", unit], TimeSpan.FromMinutes(1)).Output;
        double exposure = double.Parse(Exposure().Match(security).Groups[1].Value, CultureInfo.InvariantCulture);
        // A unit without hardening has the exposure 9.6.
        Assert.InRange(exposure, 0, 2.5);
    }

    private string DaemonSet(string arguments)
    {
        engine.Archive("opensnoop");
        return Project.Script($"New-BeeDeployment ghcr.io/me/opensnoop-container:v1 -Kind DaemonSet {arguments} -Store '{engine.Store}'");
    }

    [GeneratedRegex(@"image: ""(.*)""")]
    private static partial Regex ImageLine();

    [GeneratedRegex(@"Overall exposure level for \S+: ([0-9.]+)")]
    private static partial Regex Exposure();
}

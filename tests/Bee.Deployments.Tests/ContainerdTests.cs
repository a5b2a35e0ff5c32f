using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Bee.Packages;

namespace Bee.Deployments;

/// <summary>
/// Runs the pod of a DaemonSet with containerd: the security context, the mounts and the probes of the manifest, with containerd's seccomp profile (RuntimeDefault). No CRI client is installed here, so
/// ctr gets an equivalent runtime specification.
/// </summary>
[Collection("Engine")]
public sealed class ContainerdTests(Engine engine) : IDisposable
{
    private const string Container = "bee-pod", Token = "a-token";

    private readonly string _folder = Directory.CreateTempSubdirectory("bee-containerd-").FullName;
    private readonly string _network = $"bee-pod-{Environment.ProcessId}";
    private readonly OpenLoad _load = new();
    private Process? _daemon;

    [ContainerdFact]
    public void A_pod_with_the_manifests_rights_reports_events_is_ready_and_ends()
    {
        Start();
        string archive = engine.Archive("opensnoop");
        const string Image = "ghcr.io/me/opensnoop-container:v1";
        Ctr("image", "import", archive);
        Directory.CreateDirectory(Path.Combine(_folder, "root"));
        Ctr("image", "mount", Image, Path.Combine(_folder, "root"));
        Run("ip", "netns", "add", _network);
        Run("ip", "-n", _network, "link", "set", "lo", "up");
        string spec = Specification(Image);

        using Process process = Process.Start(new ProcessStartInfo("ctr", ["--address", Address, "run", "--rm", "--config", spec, Container]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Assert.Contains("\"MapName\":\"print_opens\"", process.StandardOutput.ReadLine(), StringComparison.Ordinal);
        Task<string> rest = process.StandardOutput.ReadToEndAsync();
        Assert.Equal(("200", "200", "401", "200"), (Ask("readyz"), Ask("healthz"), Ask("metrics"), Ask("metrics", Token)));
        Ctr("task", "kill", "--signal", "SIGTERM", Container);
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), "it did not end");
        Assert.Equal("bee-run: The tool was ended by SIGTERM. (exit code 0)", errors.Result.TrimEnd().Split('\n')[^1]);
        Assert.NotEmpty(rest.Result);
    }

    public void Dispose()
    {
        _load.Dispose();
        if (_daemon is not null)
        {
            Child.Run("ctr", ["--address", Address, "image", "unmount", Path.Combine(_folder, "root")], TimeSpan.FromSeconds(30));
            _daemon.Kill();
            _daemon.WaitForExit();
            _daemon.Dispose();
            Child.Run("ip", ["netns", "del", _network], TimeSpan.FromSeconds(10));
        }

        Directory.Delete(_folder, recursive: true);
    }

    private string Address => Path.Combine(_folder, "sock");

    // A containerd of the test's own, without the parts for Kubernetes.
    private void Start()
    {
        string configuration = Path.Combine(_folder, "config.toml");
        File.WriteAllText(configuration, $"""
            version = 2
            root = "{_folder}/data"
            state = "{_folder}/state"
            disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
            [grpc]
              address = "{Address}"
            """);
        _daemon = Process.Start(new ProcessStartInfo("containerd", ["--config", configuration, "--log-level", "error"]) { RedirectStandardError = true })!;
        _daemon.ErrorDataReceived += (_, _) => { };
        _daemon.BeginErrorReadLine();
        Wait.Until(() => Child.Run("ctr", ["--address", Address, "version"], TimeSpan.FromSeconds(10)).ExitCode == 0, "containerd does not answer");
    }

    // The settings that the kubelet would derive from the manifest.
    private string Specification(string image)
    {
        string manifest = Project.Script($"New-BeeDeployment '{image}' -Kind DaemonSet -Parameter @{{ target_pid = {_load.Id} }} -Store '{engine.Store}'");
        string[] lines = manifest.Split('\n');
        Assert.Contains("            readOnlyRootFilesystem: true", lines);
        Assert.Contains("            allowPrivilegeEscalation: false", lines);
        Assert.Contains("      hostPID: true", lines);
        string[] capabilities = [.. Items(lines, "              add:").Select(name => $"CAP_{name}")];
        string[] arguments = [.. Items(lines, "          args:").Select(word => word.Trim('"'))];
        string[] mounts = [.. lines.Where(line => line.TrimStart().StartsWith("mountPath: ", StringComparison.Ordinal)).Select(line => line.Split(": ")[1])];

        // containerd writes the specification of a container with its own profile, which depends on the capabilities.
        const string Draft = "bee-draft";
        Ctr(["container", "create", "--read-only", "--seccomp", .. s_defaults.SelectMany(name => new[] { "--cap-drop", name }), .. capabilities.SelectMany(name => new[] { "--cap-add", name }),
            "--env", $"BEE_METRIC_TOKEN={Token}", "--with-ns", $"network:/run/netns/{_network}", .. mounts.SelectMany(path => new[] { "--mount", $"type=bind,src={path},dst={path},options=rbind:ro" }), image, Draft]);
        JsonObject spec = JsonNode.Parse(Ctr("container", "info", Draft))!["Spec"]!.AsObject();
        Ctr("container", "rm", Draft);
        Assert.Equal(capabilities.Order(), spec["process"]!["capabilities"]!["effective"]!.AsArray().Select(name => (string)name!).Order());
        Assert.True((bool)spec["process"]!["noNewPrivileges"]!);
        Array.ForEach(arguments, word => spec["process"]!["args"]!.AsArray().Add((JsonNode?)word));
        spec["root"]!["path"] = Path.Combine(_folder, "root");
        spec["linux"]!.AsObject().Remove("cgroupsPath");
        JsonArray namespaces = spec["linux"]!["namespaces"]!.AsArray();
        namespaces.Remove(namespaces.Single(one => (string?)one!["type"] == "pid"));
        string file = Path.Combine(_folder, "spec.json");
        File.WriteAllText(file, spec.ToJsonString());
        return file;
    }

    private static readonly string[] s_defaults = [.. "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE".Split(' ').Select(name => $"CAP_{name}")];

    private static IEnumerable<string> Items(string[] lines, string heading) =>
        lines.SkipWhile(line => line != heading).Skip(1).TakeWhile(line => line.TrimStart().StartsWith("- ", StringComparison.Ordinal)).Select(line => line.Trim()[2..]);

    private string Ask(string path, string? token = null) => Run("ip", [
        "netns", "exec", _network, "curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--max-time", "20",
        .. token is null ? [] : new[] { "--header", $"Authorization: Bearer {token}" }, $"http://{IPAddress.Loopback}:9435/{path}"]);

    private string Ctr(params string[] arguments) => Run("ctr", ["--address", Address, .. arguments]);

    private static string Run(string command, params string[] arguments)
    {
        ChildResult result = Child.Run(command, arguments, TimeSpan.FromMinutes(2));
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException($"{command} {string.Join(' ', arguments)}: {result.Messages}");
    }
}

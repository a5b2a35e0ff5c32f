using System.Diagnostics;
using Bee.Containers.Cgroups;
using Bee.Containers.Runtimes;
using Bee.Isolated;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Bee.Containers.Tests;

/// <summary>Names of a pod, and of a container without one, that this test starts with a containerd of its own.</summary>
[Collection("Containers")]
public sealed class ContainerdTests : IDisposable
{
    private const string Image = "localhost/bee-pod:1";

    private readonly TemporaryState _state = new();
    private readonly string _pod = $"bee-pod-{Environment.ProcessId}";
    private readonly string _plain = $"bee-ctr-{Environment.ProcessId}";
    private Process? _daemon;

    private string Socket => _state.In("sock");

    private string Tasks => _state.In("state/io.containerd.runtime.v2.task");

    [ContainerdFact]
    public void A_pod_and_a_container_of_containerd_have_their_names_from_CRI_and_from_their_bundles()
    {
        Start();
        (string sandbox, string container) = RunPod();
        Ctr("run", "--detach", "--snapshotter", "native", Image, _plain, "/bin/sleep", "1000");
        try
        {
            var found = RuntimeDetection.Find(_ => $"containerd:{Socket},containerd:{Tasks}", () => new CriConnector());
            Assert.True(found.HasKubernetes);
            (IContainerRuntime bundles, IContainerRuntime cri) = (found.Runtimes[0], found.Runtimes[1]);
            var expected = new ContainerRecord { Id = container, Name = "app", Image = Image, Pod = _pod, Namespace = "shop" };
            var record = cri.Find(container, default)!;
            Assert.Equal(expected, record with { ProcessId = 0 });
            Assert.Equal(record, bundles.Find(container, default)! with { CgroupPath = null });
            Assert.Equal("/bin/sleep\01000\0", File.ReadAllText($"/proc/{record.ProcessId}/cmdline"));

            var pause = cri.Find(sandbox, default)!;
            Assert.Equal(("POD", _pod, "shop"), (pause.Name, pause.Pod, pause.Namespace));
            Assert.True(pause.ProcessId > 0);
            Assert.Equal(pause, bundles.Find(sandbox, default)! with { CgroupPath = null });
            Assert.Equal(new[] { container, sandbox }.Order(), cri.List(default).Select(one => one.Id).Order());
            Assert.Equal(new[] { container, sandbox, _plain }.Order(), bundles.List(default).Select(one => one.Id).Order());

            var plain = bundles.Find(_plain, default)!;
            Assert.Equal((_plain, null, $"/default/{_plain}"), (plain.Name, plain.Pod, plain.CgroupPath));
            var path = ContainerPath.ParseProcess(File.ReadAllText($"/proc/{plain.ProcessId}/cgroup"));
            Assert.Equal((_plain, "containerd"), (path?.Id, path?.Runtime));
            Assert.Null(cri.Find(_plain, default));

            // The runtime restarts; its containers go on.
            Stop();
            Assert.Null(cri.Find(container, default));
            Assert.Equal(record, bundles.Find(container, default)! with { CgroupPath = null });
            Start();
            Assert.Equal(record, cri.Find(container, default));
        }
        finally
        {
            Ctr("task", "rm", "--force", _plain);
            Call("StopPodSandbox", Text(1, sandbox));
            Call("RemovePodSandbox", Text(1, sandbox));
        }
    }

    public void Dispose()
    {
        Stop();
        _state.Dispose();
    }

    private void Start()
    {
        File.WriteAllText(_state.In("config.toml"), $"""
            version = 2
            root = "{_state.Path}/data"
            state = "{_state.Path}/state"
            disabled_plugins = ["io.containerd.internal.v1.opt"]
            [grpc]
              address = "{Socket}"
            [plugins."io.containerd.grpc.v1.cri"]
              disable_cgroup = true
              disable_apparmor = true
              restrict_oom_score_adj = true
              sandbox_image = "{Image}"
              [plugins."io.containerd.grpc.v1.cri".containerd]
                snapshotter = "native"
              [plugins."io.containerd.grpc.v1.cri".cni]
                bin_dir = "{_state.Path}/cni"
                conf_dir = "{_state.Path}/cni"
            """);
        _daemon = Process.Start(new ProcessStartInfo("containerd", ["--config", _state.In("config.toml"), "--log-level", "panic"]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        _daemon.ErrorDataReceived += (_, _) => { };
        _daemon.BeginErrorReadLine();
        Wait.Until(Answers, "containerd does not answer");
    }

    private void Stop()
    {
        _daemon?.Kill();
        _daemon?.WaitForExit(TimeSpan.FromSeconds(10));
        _daemon?.Dispose();
        _daemon = null;
    }

    private bool Answers()
    {
        try
        {
            Call("Version", []);
            return true;
        }
        catch (RpcException)
        {
            return false;
        }
    }

    // What the kubelet would ask for, without a network of its own.
    private (string Sandbox, string Container) RunPod()
    {
        _state.Write("root/bin/.keep", "");
        File.Copy("/bin/busybox", _state.In("root/bin/busybox"));
        File.CreateSymbolicLink(_state.In("root/bin/sleep"), "busybox");
        Run("tar", "-C", _state.In("root"), "-cf", _state.In("base.tar"), ".");
        string[] podman = ["--root", _state.In("podman"), "--runroot", _state.In("podman-run"), "--tmpdir", _state.In("podman-tmp"), "--storage-driver", "vfs"];
        Run("podman", [.. podman, "import", "--change", "CMD [\"/bin/sleep\",\"1000\"]", _state.In("base.tar"), Image]);
        Run("podman", [.. podman, "save", "--format", "docker-archive", "--output", _state.In("image.tar"), Image]);
        Ctr("--namespace", "k8s.io", "image", "import", "--snapshotter", "native", _state.In("image.tar"));
        Ctr("image", "import", "--snapshotter", "native", _state.In("image.tar"));

        byte[] options = [.. Number(1, 2), .. Number(2, 0)];
        byte[] pod =
        [
            .. Message(1, [.. Text(1, _pod), .. Text(2, "db8524d6-dc30-4916-9e99-cf866ef5312d"), .. Text(3, "shop")]),
            .. Text(3, _state.Path), .. Message(8, Message(2, Message(1, options))),
        ];
        string sandbox = First(Call("RunPodSandbox", Message(1, pod)));
        byte[] container =
        [
            .. Message(1, Text(1, "app")), .. Message(2, Text(1, Image)), .. Text(3, "/bin/sleep"), .. Text(4, "1000"), .. Text(11, "app.log"), .. Message(15, Message(2, Message(3, options))),
        ];
        string id = First(Call("CreateContainer", [.. Text(1, sandbox), .. Message(2, container), .. Message(3, pod)]));
        Call("StartContainer", Text(1, id));
        return (sandbox, id);
    }

    private byte[] Call(string method, byte[] request)
    {
        using var channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = new RuntimeSocket(Socket, 0).Handler(), DisposeHttpClient = true });
        var bytes = Marshallers.Create<byte[]>(content => content, content => content);
        return channel.CreateCallInvoker().BlockingUnaryCall(new Method<byte[], byte[]>(MethodType.Unary, "runtime.v1.RuntimeService", method, bytes, bytes), null, default, request);
    }

    private static string First(byte[] answer)
    {
        var input = new CodedInputStream(answer);
        input.ReadTag();
        return input.ReadString();
    }

    private static byte[] Text(int field, string text) => Message(field, System.Text.Encoding.UTF8.GetBytes(text));

    private static byte[] Message(int field, byte[] content)
    {
        using var stream = new MemoryStream();
        using var output = new CodedOutputStream(stream);
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(content));
        output.Flush();
        return stream.ToArray();
    }

    private static byte[] Number(int field, int value) => [(byte)(field << 3), (byte)value];

    private void Ctr(params string[] arguments) => Run("ctr", ["--address", Socket, .. arguments]);

    private static void Run(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{command} {string.Join(' ', arguments)}: {errors.Result}{output.Result}");
    }
}

/// <summary>A test that starts containerd and a pod.</summary>
public sealed class ContainerdFactAttribute : FactAttribute
{
    public ContainerdFactAttribute()
    {
        Skip = !FullRun.IsOn ? "it takes long: ./build.sh test -Full"
            : !Environment.IsPrivilegedProcess || !File.Exists("/bin/busybox") || !Array.TrueForAll(["containerd", "ctr", "runc", "podman"], name => Posix.ProgramSearch.Find(name) is not null)
                ? "needs root, containerd, runc, podman and busybox" : null;
    }
}

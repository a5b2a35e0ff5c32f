using System.Diagnostics;
using Bee.Containers.Cgroups;
using Bee.Containers.Runtimes;
using Bee.Isolated;
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
    private readonly string[] _groups = [.. Groups()];
    private Process? _daemon;

    private string Socket => _state.In("sock");

    private string Tasks => _state.In("state/io.containerd.runtime.v2.task");

    [ContainerdFact]
    public void A_container_of_ctr_has_its_image_without_CRI()
    {
        Start(hasCri: false);
        // The label of the image must not replace the name.
        ContainerImage.Write(_state.In("image.tar"), Image, "\"nerdctl/name\":\"other\"");
        Ctr("image", "import", "--snapshotter", "native", _state.In("image.tar"));
        // A container of the same id in a namespace that comes first, which does not run.
        Ctr("--namespace", "aside", "container", "create", "--config", _state.Write("spec.json", "{}"), _plain);
        var found = RuntimeDetection.Find(_ => $"containerd:{Socket},containerd:{Tasks}", () => new RuntimeConnector());
        (IContainerRuntime bundles, IContainerRuntime service) = (found.Runtimes[0], found.Runtimes[1]);
        using (var directory = TestDirectory.Open(found.Runtimes))
        {
            Ctr("run", "--detach", "--snapshotter", "native", Image, _plain, "/bin/sleep", "1000");
            try
            {
                var bundle = bundles.Find(_plain, default)!;
                Assert.Equal((_plain, null, $"/default/{_plain}"), (bundle.Name, bundle.Image, bundle.CgroupPath));
                Assert.Equal(bundle with { Image = Image }, service.Find(_plain, default));
                Assert.Equal(bundle with { Image = Image }, Assert.Single(service.List(default)));
                Assert.Null(service.Find("absent", default));
                Wait.Until(() => directory.Running.Any(one => one.Names.Id == _plain && one.Names.Image == Image));
                Assert.Equal(_plain, directory.Running.Single(one => one.Names.Id == _plain).Names.Container);
            }
            finally
            {
                Ctr("task", "rm", "--force", _plain);
            }
        }

        Assert.Empty(service.List(default));
        Assert.Equal(0, service.Find(_plain, default)?.ProcessId);
        found.Close();
    }

    [ContainerdFact(isLong: true)]
    public void A_pod_and_a_container_of_containerd_have_their_names_from_containerd_CRI_and_their_bundles()
    {
        Start();
        (string sandbox, string container) = RunPod();
        Ctr("run", "--detach", "--snapshotter", "native", Image, _plain, "/bin/sleep", "1000");
        try
        {
            // containerd speaks CRI as CRI-O does.
            var found = RuntimeDetection.Find(_ => $"containerd:{Socket},crio:{Socket},containerd:{Tasks}", () => new RuntimeConnector());
            Assert.True(found.HasKubernetes);
            (IContainerRuntime bundles, IContainerRuntime service, IContainerRuntime cri) = (found.Runtimes[0], found.Runtimes[1], found.Runtimes[2]);
            var expected = new ContainerRecord { Id = container, Name = "app", Image = Image, Pod = _pod, Namespace = "shop" };
            var record = cri.Find(container, default)!;
            Assert.Equal(expected, record with { ProcessId = 0 });
            var bundle = bundles.Find(container, default)!;
            Assert.Equal(record, bundle with { CgroupPath = null });
            Assert.Equal(bundle, service.Find(container, default));
            Assert.Equal("/bin/sleep\01000\0", File.ReadAllText($"/proc/{record.ProcessId}/cmdline"));

            var pause = cri.Find(sandbox, default)!;
            Assert.Equal(("POD", _pod, "shop"), (pause.Name, pause.Pod, pause.Namespace));
            Assert.True(pause.ProcessId > 0);
            Assert.Equal(pause, bundles.Find(sandbox, default)! with { CgroupPath = null });
            Assert.Equal(bundles.Find(sandbox, default)! with { Image = Image }, service.Find(sandbox, default));
            Assert.Equal(new[] { container, sandbox }.Order(), cri.List(default).Select(one => one.Id).Order());
            Assert.Equal(new[] { container, sandbox, _plain }.Order(), bundles.List(default).Select(one => one.Id).Order());
            Assert.Equal(new[] { container, sandbox, _plain }.Order(), service.List(default).Select(one => one.Id).Order());

            var plain = bundles.Find(_plain, default)!;
            Assert.Equal((_plain, null, $"/default/{_plain}"), (plain.Name, plain.Pod, plain.CgroupPath));
            var path = ContainerPath.ParseProcess(File.ReadAllText($"/proc/{plain.ProcessId}/cgroup"));
            Assert.Equal((_plain, "containerd"), (path?.Id, path?.Runtime));
            Assert.Null(cri.Find(_plain, default));

            // The runtime restarts; its containers go on.
            Stop();
            Assert.Null(cri.Find(container, default));
            Assert.Null(service.Find(container, default));
            Assert.Equal(record, bundles.Find(container, default)! with { CgroupPath = null });
            Start();
            Assert.Equal(record, cri.Find(container, default));
            Assert.Equal(bundle, service.Find(container, default));
            found.Close();
        }
        finally
        {
            Ctr("task", "rm", "--force", _plain);
            Call("StopPodSandbox", Protobuf.Field(1, sandbox));
            Call("RemovePodSandbox", Protobuf.Field(1, sandbox));
        }
    }

    public void Dispose()
    {
        Stop();
        _state.Dispose();
        // containerd leaves the cgroup of its namespace.
        foreach (string group in Groups().Except(_groups))
        {
            try
            {
                Directory.Delete(group);
            }
            catch (IOException)
            {
                // Another containerd uses it.
            }
        }
    }

    private static IEnumerable<string> Groups() => Directory.GetDirectories("/sys/fs/cgroup").Append("/sys/fs/cgroup").Select(hierarchy => hierarchy + "/default").Where(Directory.Exists);

    private void Start(bool hasCri = true)
    {
        File.WriteAllText(_state.In("config.toml"), $"""
            version = 2
            root = "{_state.Path}/data"
            state = "{_state.Path}/state"
            disabled_plugins = ["io.containerd.internal.v1.opt"{(hasCri ? "" : ", \"io.containerd.grpc.v1.cri\"")}]
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
        Wait.Until(() => Answers(hasCri ? "runtime.v1.RuntimeService" : "containerd.services.version.v1.Version"), "containerd does not answer");
    }

    private void Stop()
    {
        _daemon?.Kill();
        _daemon?.WaitForExit(TimeSpan.FromSeconds(10));
        _daemon?.Dispose();
        _daemon = null;
    }

    private bool Answers(string service)
    {
        try
        {
            Call("Version", [], service);
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
        ContainerImage.Write(_state.In("image.tar"), Image);
        Ctr("--namespace", "k8s.io", "image", "import", "--snapshotter", "native", _state.In("image.tar"));
        Ctr("image", "import", "--snapshotter", "native", _state.In("image.tar"));

        byte[] options = [.. Protobuf.Field(1, 2), .. Protobuf.Field(2, 0)];
        byte[] pod =
        [
            .. Protobuf.Field(1, [.. Protobuf.Field(1, _pod), .. Protobuf.Field(2, "db8524d6-dc30-4916-9e99-cf866ef5312d"), .. Protobuf.Field(3, "shop")]),
            .. Protobuf.Field(3, _state.Path), .. Protobuf.Field(8, Protobuf.Field(2, Protobuf.Field(1, options))),
        ];
        string sandbox = First(Call("RunPodSandbox", Protobuf.Field(1, pod)));
        byte[] container =
        [
            .. Protobuf.Field(1, Protobuf.Field(1, "app")), .. Protobuf.Field(2, Protobuf.Field(1, Image)), .. Protobuf.Field(3, "/bin/sleep"), .. Protobuf.Field(4, "1000"), .. Protobuf.Field(11, "app.log"), .. Protobuf.Field(15, Protobuf.Field(2, Protobuf.Field(3, options))),
        ];
        string id = First(Call("CreateContainer", [.. Protobuf.Field(1, sandbox), .. Protobuf.Field(2, container), .. Protobuf.Field(3, pod)]));
        Call("StartContainer", Protobuf.Field(1, id));
        return (sandbox, id);
    }

    private byte[] Call(string method, byte[] request, string service = "runtime.v1.RuntimeService")
    {
        using var channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = new RuntimeSocket(Socket, 0).Handler(), DisposeHttpClient = true });
        var bytes = Marshallers.Create<byte[]>(content => content, content => content);
        return channel.CreateCallInvoker().BlockingUnaryCall(new Method<byte[], byte[]>(MethodType.Unary, service, method, bytes, bytes), null, default, request);
    }

    private static string First(byte[] answer) => Protobuf.Text(answer, 1)!;

    private void Ctr(params string[] arguments) => Run("ctr", ["--address", Socket, .. arguments]);

    private static void Run(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{command} {string.Join(' ', arguments)}: {errors.Result}{output.Result}");
    }
}

/// <summary>A test that starts containerd.</summary>
public sealed class ContainerdFactAttribute : FactAttribute
{
    public ContainerdFactAttribute(bool isLong = false)
    {
        Skip = isLong && !FullRun.IsOn ? "it takes long: ./build.sh test -Full"
            : !Environment.IsPrivilegedProcess || !File.Exists("/bin/busybox") || !Array.TrueForAll(["containerd", "ctr", "runc"], name => Posix.ProgramSearch.Find(name) is not null)
                ? "needs root, containerd, runc and busybox" : null;
    }
}

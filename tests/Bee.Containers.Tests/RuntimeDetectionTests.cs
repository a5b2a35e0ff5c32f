using Bee.Containers.Runtimes;

namespace Bee.Containers.Tests;

public sealed class RuntimeDetectionTests : IDisposable
{
    private readonly TemporaryState _root = new();

    public void Dispose() => _root.Dispose();

    private RuntimeDetection Find(string? setting = null) => RuntimeDetection.Find(name => name == "BEE_CONTAINER_RUNTIME" ? setting : null, null, _root.Path);

    private static string[] Names(RuntimeDetection found) => [.. found.Runtimes.Select(runtime => runtime.Name)];

    [Fact]
    public void Find_host_without_a_runtime_returns_none()
    {
        Assert.Empty(Find().Runtimes);
        Assert.False(Find().HasKubernetes);
    }

    [Theory]
    [InlineData("none")]
    [InlineData(" none ")]
    public void Find_none_returns_none(string setting)
    {
        Directory.CreateDirectory(_root.In("run/runc"));
        Assert.Empty(Find(setting).Runtimes);
    }

    [RootFact]
    public void Find_returns_the_runtimes_whose_folders_exist()
    {
        foreach (string folder in new[] { "run/runc", "run/crun", "run/systemd/machines", "run/containerd/runc/k8s.io", "run/k3s/containerd/io.containerd.runtime.v2.task", "var/lib/docker", "var/lib/containers/storage" })
        {
            Directory.CreateDirectory(_root.In(folder));
        }

        Assert.Equal(["podman", "docker", "containerd", "nspawn", "runc", "crun", "runc"], Names(Find()));
        Assert.All(Find().Runtimes, runtime => Assert.Equal(0u, runtime.UserId));
    }

    [RootFact]
    public void Find_returns_the_rootless_runtimes_of_users()
    {
        Directory.CreateDirectory(_root.In("run/user/54321/runc"));
        Directory.CreateDirectory(_root.In("run/user/54321/crun"));
        Directory.CreateDirectory(_root.In("run/user/bob/crun"));
        Directory.CreateDirectory(_root.In("run/user/0/crun"));
        Assert.Equal([("runc", 54321u), ("crun", 54321u)], Find().Runtimes.Select(runtime => (runtime.Name, runtime.UserId)));
    }

    [RootFact]
    public void Find_setting_replaces_the_detection()
    {
        Directory.CreateDirectory(_root.In("run/runc"));
        string storage = _root.In("own");
        Directory.CreateDirectory(storage);
        TemporaryState.Give(storage, TemporaryState.Bob);
        RuntimeDetection found = Find($"podman:{storage}, runc:/run/runc/,nspawn:/run/systemd/machines");
        Assert.Equal([("podman", TemporaryState.Bob), ("nspawn", 0u), ("runc", 0u)], found.Runtimes.Select(runtime => (runtime.Name, runtime.UserId)));
    }

    [Theory]
    [InlineData("docker", "'docker' in BEE_CONTAINER_RUNTIME has no absolute path after 'docker:'.")]
    [InlineData("docker:run/docker.sock", "'docker:run/docker.sock' in BEE_CONTAINER_RUNTIME has no absolute path after 'docker:'.")]
    [InlineData("runc:/run/runc,lxc:/var", "'lxc:/var' in BEE_CONTAINER_RUNTIME does not begin with a known runtime. The runtimes are containerd, crio, docker, podman, runc, crun, nspawn.")]
    [InlineData("/run/docker.sock", "'/run/docker.sock' in BEE_CONTAINER_RUNTIME does not begin with a known runtime. The runtimes are containerd, crio, docker, podman, runc, crun, nspawn.")]
    [InlineData("None", "'None' in BEE_CONTAINER_RUNTIME does not begin with a known runtime. The runtimes are containerd, crio, docker, podman, runc, crun, nspawn.")]
    public void Find_bad_setting_says_what_is_wrong(string setting, string message)
    {
        var exception = Assert.Throws<ContainerRuntimeException>(() => Find(setting));
        Assert.Equal(("BadContainerRuntime", message), (exception.Id, exception.Message));
        Assert.StartsWith("Set BEE_CONTAINER_RUNTIME to 'none', or", exception.Remedy, StringComparison.Ordinal);
    }
}

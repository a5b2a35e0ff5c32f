using System.Diagnostics;
using Bee.Containers.Cgroups;
using Bee.Containers.Runtimes;

namespace Bee.Containers.Tests;

/// <summary>Names of a container that this test starts with Podman and runc, in a storage of its own.</summary>
[Collection("Containers")]
public sealed class PodmanTests : IDisposable
{
    private readonly TemporaryState _state = new();
    private readonly string _name = $"bee-names-{Environment.ProcessId}";

    public void Dispose()
    {
        Podman("rm", "--force", "--all", "--time", "0");
        _state.Dispose();
    }

    [PodmanFact]
    public void A_container_of_podman_has_its_name_from_the_storage_and_from_runc()
    {
        _state.Write("root/bin/.keep", "");
        File.Copy("/bin/busybox", _state.In("root/bin/busybox"));
        File.CreateSymbolicLink(_state.In("root/bin/sleep"), "busybox");
        Run("tar", "-C", _state.In("root"), "-cf", _state.In("base.tar"), ".");
        Podman("import", _state.In("base.tar"), "bee-names:1");
        string id = Podman("run", "--detach", "--name", _name, "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000", "--network=none", "bee-names:1", "sleep", "1000");

        var found = RuntimeDetection.Find(_ => $"podman:{_state.In("storage")},runc:/run/runc");
        Assert.Equal(["podman", "runc"], found.Runtimes.Select(runtime => runtime.Name));
        var record = found.Runtimes[0].Find(id, default)!;
        Assert.Equal((_name, "localhost/bee-names:1", 0u), (record.Name, record.Image, record.UserId));
        Assert.Equal(record, found.Runtimes[1].Find(id, default));
        Assert.Equal(record, Assert.Single(found.Runtimes[0].List(default)));
        Assert.Contains(record, found.Runtimes[1].List(default));

        // The kernel agrees on the process and its cgroup.
        string cgroups = File.ReadAllText($"/proc/{record.ProcessId}/cgroup");
        Assert.Contains($":{record.CgroupPath}\n", cgroups, StringComparison.Ordinal);
        Assert.Equal(("libpod", id), (ContainerPath.ParseProcess(cgroups)!.Runtime, ContainerPath.ParseProcess(cgroups)!.Id));

        Podman("rename", _name, _name + "-renamed");
        Assert.Equal(_name + "-renamed", found.Runtimes[0].Find(id, default)?.Name);
        Podman("kill", id);
        Podman("wait", id);
        Assert.Empty(found.Runtimes[0].List(default));
    }

    private string Podman(params string[] arguments) => Run("podman", [
        "--root", _state.In("storage"), "--runroot", _state.In("run"), "--tmpdir", _state.In("tmp"), "--cgroup-manager=cgroupfs", "--runtime", "runc", .. arguments]);

    private static string Run(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.TrimEnd() : throw new InvalidOperationException($"{command} {string.Join(' ', arguments)}: {errors.Result}");
    }
}

/// <summary>A test that starts a container with Podman and runc.</summary>
public sealed class PodmanFactAttribute : FactAttribute
{
    public PodmanFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess || !File.Exists("/bin/busybox") || !Array.TrueForAll(["podman", "runc"], name => Posix.ProgramSearch.Find(name) is not null))
        {
            Skip = "needs root, podman, runc and busybox";
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Bee.Cmdlets.Tests;

/// <summary>
/// Processes in cgroups and mount namespaces of their own, with states as runc keeps them. Bee takes them for containers. While it exists, Bee looks for containers only there.
/// </summary>
internal sealed class FakeContainers : IDisposable
{
    // Where version 1 is mounted too, it is a folder of its own.
    private static readonly string s_root = Directory.Exists("/sys/fs/cgroup/unified") ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup";

    private const string Setting = "BEE_CONTAINER_RUNTIME";

    private readonly TempFolder _state = new();
    private readonly string _group = Directory.CreateDirectory(Path.Combine(s_root, $"bee-test-{Guid.NewGuid():N}")).FullName;
    private readonly Dictionary<string, Process> _shells = [];
    private readonly string? _before = Environment.GetEnvironmentVariable(Setting);

    /// <param name="names">The names of the containers.</param>
    public FakeContainers(params string[] names)
    {
        Environment.SetEnvironmentVariable(Setting, $"runc:{_state["runc"]}");
        Directory.CreateDirectory(_state["runc"]);
        Array.ForEach(names, Start);
    }

    /// <summary>Starts a container.</summary>
    public void Start(string name)
    {
        string group = Directory.CreateDirectory(Path.Combine(_group, name)).FullName;
        // As with runc, the process is in the cgroup before it has its mount namespace. Each program replaces the one before, so that the parent is this process.
        var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "read line; exec unshare --mount /bin/sh -s"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        _shells.Add(name, shell);
        // With version 1 mounted too, the groups of the controllers are those of the host.
        foreach (string folder in Directory.Exists("/sys/fs/cgroup/unified") ? [group, .. Directory.GetDirectories("/sys/fs/cgroup").Where(folder => folder != s_root)] : new[] { group })
        {
            File.WriteAllText(Path.Combine(folder, "cgroup.procs"), shell.Id.ToString(CultureInfo.InvariantCulture));
        }

        shell.StandardInput.Write("\n");
        // Where the kernel has no fentry, the namespace is noticed with the first child.
        Do(name, "/bin/true");
        string status = File.ReadAllText($"/proc/{shell.Id}/stat");
        Directory.CreateDirectory(_state[$"runc/{name}"]);
        File.WriteAllText(_state[$"runc/{name}/state.json"], JsonSerializer.Serialize(new
        {
            id = name,
            init_process_pid = shell.Id,
            init_process_start = ulong.Parse(status[(status.LastIndexOf(')') + 2)..].Split(' ')[19], CultureInfo.InvariantCulture),
            cgroup_paths = new Dictionary<string, string> { [""] = group },
        }));
    }

    /// <summary>Lets the shell of a container run a line, and waits for its end.</summary>
    public void Do(string name, string line)
    {
        Process shell = _shells[name];
        shell.StandardInput.Write($"{line}\necho done\n");
        shell.StandardInput.Flush();
        Assert.Equal("done", shell.StandardOutput.ReadLine());
    }

    /// <summary>Ends a container.</summary>
    public void Stop(string name)
    {
        _shells.Remove(name, out Process? shell);
        shell!.Kill();
        shell.WaitForExit();
        shell.Dispose();
        Directory.Delete(_state[$"runc/{name}"], recursive: true);
        Wait.UntilRemoved(Path.Combine(_group, name));
    }

    public void Dispose()
    {
        foreach (string name in _shells.Keys.ToArray())
        {
            Stop(name);
        }

        Directory.Delete(_group);
        Environment.SetEnvironmentVariable(Setting, _before);
        _state.Dispose();
    }
}

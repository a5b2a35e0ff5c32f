using System.Diagnostics;
using Bee.Containers.Cgroups;

namespace Bee.Containers.Tests;

/// <summary>Cgroups of a test, in all hierarchies that the directory follows. Disposing ends the processes in them and removes them.</summary>
internal sealed class TestCgroups : IDisposable
{
    private readonly CgroupTree _tree = CgroupTree.Open();
    private readonly List<string> _folders = [];
    private readonly List<Process> _processes = [];

    /// <summary>The path of a cgroup that only this test uses.</summary>
    public string Root { get; } = $"/bee-test-{Guid.NewGuid():N}";

    /// <summary>A name that no other cgroup has, of 64 digits like the id of a container.</summary>
    public static string NewId() => Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N");

    /// <summary>Creates a cgroup, and its parents.</summary>
    /// <param name="path">The path below the roots.</param>
    /// <returns>The id in the unified hierarchy; the key in the controller's if that alone is mounted.</returns>
    public ulong Make(string path)
    {
        ulong first = 0;
        foreach (var hierarchy in _tree.Hierarchies)
        {
            var folder = hierarchy.Folder;
            foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                folder += "/" + part;
                if (!Directory.Exists(folder))
                {
                    Directory.CreateDirectory(folder);
                    _folders.Add(folder);
                }
            }

            first = first == 0 ? hierarchy.KeyOfFolder(folder)!.Value : first;
        }

        return first;
    }

    /// <summary>Removes a cgroup without processes.</summary>
    public void Remove(string path)
    {
        foreach (var hierarchy in _tree.Hierarchies)
        {
            var folder = hierarchy.FolderOf(path)!;
            Wait.UntilRemoved(folder);
            _folders.Remove(folder);
        }
    }

    /// <summary>Starts a shell command in a cgroup.</summary>
    /// <param name="path">The path of the cgroup.</param>
    /// <param name="command">The command; its first line of output is read.</param>
    /// <returns>The process and the line.</returns>
    public (Process Process, string Line) Run(string path, string command)
    {
        // The shell moves itself, so that everything it starts is in the cgroup.
        var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Join(path) + command]) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
        _processes.Add(process);
        return (process, process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"The command wrote nothing: {command}"));
    }

    /// <summary>Starts a process in a mount namespace. It runs until <see cref="End"/>.</summary>
    /// <param name="path">The path of its cgroup.</param>
    /// <param name="enter">The command that creates or enters the namespace.</param>
    /// <param name="first">What the process does there first.</param>
    public (Process Process, int Id, ulong MountNamespace) RunInNamespace(string path, string enter = "unshare --mount", string first = "")
    {
        var (process, line) = Run(path, $"exec {enter} sh -c '{first} echo $$; readlink /proc/self/ns/mnt; read line'");
        return (process, int.Parse(line), ulong.Parse(process.StandardOutput.ReadLine()!.Split('[', ']')[1]));
    }

    /// <summary>Lets a process end, and waits for it.</summary>
    public static void End(Process process)
    {
        process.StandardInput.Close();
        process.WaitForExit();
    }

    /// <summary>Returns the start of a shell command that moves the shell to a cgroup.</summary>
    public string Join(string path) => string.Concat(_tree.Hierarchies.Select(hierarchy => $"echo $$ > {hierarchy.FolderOf(path)}/cgroup.procs && "));

    /// <summary>Creates a cgroup as another user, in one that the user then owns.</summary>
    /// <returns>The id, as of <see cref="Make"/>.</returns>
    public ulong MakeAs(int user, string parent, string name)
    {
        foreach (var folder in _tree.Hierarchies.Select(hierarchy => hierarchy.FolderOf(parent)!))
        {
            using var chown = Process.Start("chown", [$"{user}", folder]);
            chown.WaitForExit();
            using var mkdir = Process.Start("setpriv", [$"--reuid={user}", "--clear-groups", "mkdir", $"{folder}/{name}"]);
            mkdir.WaitForExit();
            Assert.Equal(0, mkdir.ExitCode);
            _folders.Add($"{folder}/{name}");
        }

        return Make($"{parent}/{name}");
    }

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }

        for (var i = _folders.Count - 1; i >= 0; i--)
        {
            if (Directory.Exists(_folders[i]))
            {
                Wait.UntilRemoved(_folders[i]);
            }
        }

        _tree.Dispose();
    }
}

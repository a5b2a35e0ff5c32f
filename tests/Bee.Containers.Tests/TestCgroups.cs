using System.Diagnostics;
using Bee.Containers.Cgroups;

namespace Bee.Containers.Tests;

/// <summary>Cgroups of a test, in all hierarchies that the directory follows. Disposing ends the processes in them and removes them.</summary>
internal sealed class TestCgroups : IDisposable
{
    private readonly CgroupTree _tree = CgroupTree.Open();
    private readonly List<string> _folders = [];
    private readonly List<Process> _processes = [];

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

    /// <summary>Removes a cgroup that is empty.</summary>
    public void Remove(string path)
    {
        foreach (var hierarchy in _tree.Hierarchies)
        {
            var folder = hierarchy.FolderOf(path)!;
            Directory.Delete(folder);
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
        var join = string.Concat(_tree.Hierarchies.Select(hierarchy => $"echo $$ > {hierarchy.FolderOf(path)}/cgroup.procs && "));
        var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", join + command]) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
        _processes.Add(process);
        return (process, process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"The command wrote nothing: {command}"));
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
            // The kernel empties the cgroup a moment after the processes were reaped.
            for (var attempt = 0; Directory.Exists(_folders[i]) && attempt < 200; attempt++)
            {
                try
                {
                    Directory.Delete(_folders[i]);
                }
                catch (IOException)
                {
                    Thread.Sleep(5);
                }
            }
        }

        _tree.Dispose();
    }
}

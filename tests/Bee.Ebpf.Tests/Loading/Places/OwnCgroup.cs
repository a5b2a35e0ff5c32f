using Bee.Ebpf.Links;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>A control group of the test.</summary>
internal sealed class OwnCgroup : IDisposable
{
    private static int s_count;

    public OwnCgroup()
    {
        Name = $"bee-test-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";
        Path = System.IO.Path.Combine(CgroupMount.Root!, Name);
        Directory.CreateDirectory(Path);
    }

    /// <summary>The path relative to the mount of cgroup2.</summary>
    public string Name { get; }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Returns a command that runs another one in the group.</summary>
    public string[] Inside(params string[] command) => ["sh", "-c", $"echo $$ > {Path}/cgroup.procs && exec \"$@\"", "sh", .. command];

    public void Dispose() => Wait.UntilRemoved(Path);
}

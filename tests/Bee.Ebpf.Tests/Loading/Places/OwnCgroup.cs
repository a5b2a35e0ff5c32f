using Bee.Ebpf.Links;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>A control group of the test's own.</summary>
internal sealed class OwnCgroup : IDisposable
{
    private static int s_count;

    public OwnCgroup()
    {
        Name = $"bee-test-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";
        Path = System.IO.Path.Combine(CgroupMount.Root!, Name);
        Directory.CreateDirectory(Path);
    }

    /// <summary>The path below where cgroup2 is mounted.</summary>
    public string Name { get; }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The command that runs a command in the group.</summary>
    public string[] Inside(params string[] command) => ["sh", "-c", $"echo $$ > {Path}/cgroup.procs && exec \"$@\"", "sh", .. command];

    public void Dispose()
    {
        // A group is busy for a moment after its last process.
        Assert.True(SpinWait.SpinUntil(() => TryRemove(), TimeSpan.FromSeconds(10)), $"{Path} stays");
    }

    private bool TryRemove()
    {
        try
        {
            Directory.Delete(Path);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}

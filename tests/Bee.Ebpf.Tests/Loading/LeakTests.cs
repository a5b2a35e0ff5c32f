using Bee.Ebpf.Events;

namespace Bee.Ebpf.Tests.Loading;

[Collection(KernelFactAttribute.Collection)]
public class LeakTests
{
    private static readonly string[] s_tracepoints = ["calls", "losses"];
    private static readonly string[] s_all = [.. s_tracepoints, "iterators", "samples"];

    [KernelFact]
    public void Many_starts_and_stops_leave_nothing()
    {
        var programs = new List<int>();
        var links = new List<int>();
        // The first rounds load libraries and start threads of the runtime.
        for (var i = 0; i < 3; i++)
        {
            Cycle(programs, links, s_all);
        }

        var (mine, all) = Fds();
        var threads = Threads();
        var rounds = FullRun.Times(quick: 20, full: 50);
        for (var i = 0; i < rounds; i++)
        {
            // Detaching a uprobe waits for all CPUs, so only some rounds have one.
            Cycle(programs, links, i % 10 == 0 ? s_all : s_tracepoints);
        }

        Assert.True(programs.Count > 2 * rounds);
        Assert.True(links.Count > 2 * rounds);
        // The kernel frees a program after a grace period.
        Wait.Until(() => !programs.Any(KernelObjects.ProgramExists), "programs are left");
        Wait.Until(() => !links.Any(KernelObjects.LinkExists), "links are left");
        var (mineLeft, allLeft) = Fds();
        Assert.Equal(mine, mineLeft);
        // The runtime and the test host may open files and start threads too. A leak in each round would be more.
        Assert.InRange(allLeft, 0, all + 5);
        Assert.InRange(Threads(), 0, threads + 5);
    }

    private static void Cycle(List<int> programs, List<int> links, string[] fixtures)
    {
        foreach (var name in fixtures)
        {
            var file = Fixture.Object(name);
            var options = name == "samples"
                ? new BpfSessionOptions { ProcessId = Environment.ProcessId }
                : Calls.Own(file);
            using var session = BpfSession.Load(file, options);
            using var reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole });
            session.Attach();
            Calls.GetProcessGroup(-1);
            reader.Run(new CollectingSink(), CancellationToken.None, TimeSpan.Zero);
            programs.AddRange(session.Programs.Select(p => p.Id));
            links.AddRange(session.Programs.SelectMany(p => p.LinkIds));
        }
    }

    // Counts the fds that only these tests open (programs, maps, links, iterators, perf events), and all fds.
    private static (int Mine, int All) Fds()
    {
        var targets = Directory.GetFiles("/proc/self/fd").Select(Target).ToArray();
        // Matches anonymous inodes only: the runtime opens assemblies from folders with bpf in their names.
        return (targets.Count(t => t is not null && t.StartsWith("anon_inode:", StringComparison.Ordinal) && (t.Contains("bpf", StringComparison.Ordinal) || t.Contains("perf_event", StringComparison.Ordinal))), targets.Length);
    }

    private static string? Target(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static int Threads() => Directory.GetDirectories("/proc/self/task").Length;
}

using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;
using Bee.Posix;

namespace Bee.Ebpf.Tests.Loading;

[Collection(KernelFactAttribute.Collection)]
public class StatisticsTests
{
    private static readonly string s_setting = "/proc/sys/kernel/bpf_stats_enabled";

    [KernelFact]
    public void Leases_share_one_fd_until_the_last_and_leave_the_sysctl_unchanged()
    {
        var setting = File.ReadAllText(s_setting);
        var first = StatisticsLease.Acquire();
        using (StatisticsLease.Acquire())
        {
            Assert.Equal(1, Held());
            first.Dispose();
            first.Dispose();
            Assert.Equal(1, Held());
        }

        Assert.Equal(0, Held());
        Assert.Equal(setting, File.ReadAllText(s_setting));
    }

    [KernelFact]
    public void ReadStatistics_counts_the_runs_under_a_lease_and_their_time()
    {
        using var test = ProgramTest.Load(Fixture.Object("inputs"), "swap", new BpfSessionOptions());
        var program = test.Session.Programs.Single(one => one.Name == "swap");
        using var lease = StatisticsLease.Acquire();
        var before = program.ReadStatistics()!.Value;
        var sampler = new ProgramSampler(test.Session.Programs);
        _ = test.Run(new ProgramTestInput { Data = new byte[64], Repeat = 1000 });

        var after = program.ReadStatistics()!.Value;
        Assert.Equal(1000ul, after.Runs - before.Runs);
        Assert.True(after.RunNanoseconds > before.RunNanoseconds);
        Assert.Equal(TimeSpan.FromTicks((long)(after.RunNanoseconds / 100)), after.RunTime);
        var cost = Assert.Single(sampler.Sample().Programs);
        Assert.Equal(("swap", 1000ul), (cost.Program, cost.Runs));
        // The other programs are not loaded.
        Assert.Null(test.Session.Programs.First(one => one.Id == 0).ReadStatistics());

        test.Dispose();
        Assert.Throws<ObjectDisposedException>(() => program.ReadStatistics());
        Assert.Empty(sampler.Sample().Programs);
    }

    [KernelFact]
    public void A_guard_that_cannot_detach_reports_why_and_ends_reading()
    {
        using var guard = new OverheadGuard(1);

        guard.End(() => throw new InvalidOperationException("the link is busy"), OverheadException.Of(1, [new ProgramWindow(TimeSpan.FromSeconds(1), 1, [])]));

        Assert.True(guard.Exceeded.IsCancellationRequested);
        Assert.Contains("could not be detached (the link is busy)", guard.Error!.Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_guard_detaches_expensive_programs_without_a_reader()
    {
        var file = Fixture.Object("burn");
        using var guard = new OverheadGuard(0.0001, TimeSpan.FromMilliseconds(20));
        using var session = Calls.Load(file, ("rounds", 20000));
        session.Attach();
        var link = Assert.Single(session.Programs.Single(program => program.Id != 0).LinkIds);
        guard.Watch(session);
        guard.ThrowIfExceeded();

        while (!guard.Exceeded.IsCancellationRequested)
        {
            _ = Calls.GetProcessGroup(0);
        }

        Wait.Until(() => !KernelObjects.LinkExists(link));
        Assert.Empty(session.Programs.SelectMany(program => program.LinkIds));
        var error = Assert.Throws<OverheadException>(guard.ThrowIfExceeded);
        Assert.Equal(OverheadLimit.Windows, error.Windows.Count);
        Assert.All(error.Windows, window => Assert.True(window.ShareOfMachine > 0.0001 && window.Programs.Single().Program == "burn"));
        // The maps and their entries remain.
        var runs = session.Maps.Single(map => map.Name == "counter_runs").Entries().Single();
        Assert.True((ulong)runs.Get("Value")! > 0);
        guard.Dispose();
        Assert.Equal(0, Held());
        Assert.Same(error, guard.Error);
    }

    [KernelFact]
    public void A_guard_leaves_programs_within_the_limit_attached()
    {
        using var guard = new OverheadGuard(1, TimeSpan.FromMilliseconds(1));
        using (var session = Calls.Load(Fixture.Object("burn")))
        {
            session.Attach();
            guard.Watch(session);
            Thread.Sleep(20);
            Assert.Single(session.Programs.Single(program => program.Id != 0).LinkIds);
        }

        guard.Dispose();
        Assert.Null(guard.Error);
        Assert.False(guard.Exceeded.IsCancellationRequested);
        Assert.Equal(0, Held());
    }

    [KernelFact]
    public void Acquire_without_CAP_SYS_ADMIN_throws()
    {
        BpfLoadException? refused = null;
        // Capabilities belong to a thread.
        var thread = new Thread(() =>
        {
            Calls.DropCapability((int)Capability.SysAdmin);
            try
            {
                new OverheadGuard(0.01).Dispose();
            }
            catch (BpfLoadException error)
            {
                refused = error;
            }
        });
        thread.Start();
        thread.Join();

        if (File.ReadAllText(s_setting).Trim() == "1")
        {
            // The administrator has switched statistics on for the machine.
            Assert.Null(refused);
            return;
        }

        Assert.Equal(("LoadFailed.NoPermission", Libc.EPERM), (refused!.Id, refused.Errno));
        Assert.Contains("CAP_SYS_ADMIN", refused.Message, StringComparison.Ordinal);
        Assert.Contains("kernel.bpf_stats_enabled=1", refused.Remedy, StringComparison.Ordinal);
    }

    // Reads only the fds of this process: another one may count at the same time.
    private static int Held() => Directory.EnumerateFiles("/proc/self/fd").Count(fd => new FileInfo(fd).LinkTarget == "anon_inode:bpf-stats");
}

using System.Diagnostics;
using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>Tools on other hosts, by ssh to loopback.</summary>
[Collection("Alone")]
public sealed class FleetRunTests(Programs programs) : IDisposable
{
    // One thread calls, so the numbers have no gaps but for losses.
    private const string Numbers = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, 0);
        struct number { ktime at; u64 number; };
        BEE_RING(print_numbers, struct number, 1 << 18);
        u64 made;
        SEC("tracepoint/syscalls/sys_enter_getppid")
        int on_call(void *ctx)
        {
            struct number *event;
            if (!bee_targeted(target_pid))
                return 0;
            made++;
            event = bee_reserve(print_numbers, struct number);
            if (!event)
                return 0;
            event->at = bpf_ktime_get_ns();
            event->number = made;
            bee_submit(event);
            return 0;
        }
        """;

    private const string Repeated = "foreach ($once in 1) { Invoke-BeeProgram $program -HostName one,two -Parameter @{ target_pid = $id } | ForEach-Object ";

    private readonly string? _path = Environment.GetEnvironmentVariable("PATH");
    private readonly Shell _shell = new(160);

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("PATH", _path);
        _shell.Dispose();
    }

    [SshKernelFact]
    public void Events_of_all_hosts_are_typed_ordered_and_named_and_a_dead_host_is_one_error()
    {
        using SshHosts hosts = Open("one", "two");
        using var load = new Load();
        load.Repeat("/bin/true");

        ShellResult result = _shell.Run(
            """
            $seen = @{}; $more = 0
            foreach ($once in 1) {
                Invoke-BeeProgram $program -HostName one,127.0.0.1:1,two -Parameter @{ target_pid = $id } | ForEach-Object {
                    $_; $seen[$_.PSComputerName] = $true
                    if ($seen.Count -eq 2 -and ++$more -eq 4) { break }
                }
            }
            """,
            ("program", programs.Execsnoop), ("id", load.Id));

        ErrorRecord dead = Assert.Single(result.Errors);
        Assert.StartsWith("Fleet.Unreachable", dead.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("127.0.0.1:1", dead.TargetObject);
        Assert.NotNull(dead.ErrorDetails.RecommendedAction);
        Assert.Equal(["one", "two"], result.Output.Select(item => (string)item.Properties["PSComputerName"].Value).Distinct().Order());
        Assert.Single(result.Output.Select(item => item.BaseObject.GetType()).Distinct());
        DateTime[] times = [.. result.Output.Where(item => item.Properties["Late"].Value is false).Select(item => (DateTime)PSObject.AsPSObject(item.Properties["at"].Value).BaseObject)];
        Assert.Equal(times.Order(), times);
    }

    [SshKernelFact]
    public void A_capture_reports_no_losses_as_0_because_the_hosts_count_them()
    {
        using SshHosts hosts = Open("one", "two");
        using var load = new Load();
        load.Repeat("/bin/true");
        using var folder = new TempFolder();

        PSObject capture = Assert.Single(_shell.Objects(
            "Invoke-BeeProgram $program -HostName one,two -Parameter @{ target_pid = $id } -MaxEvents 2 -Capture $file", ("program", programs.Execsnoop), ("id", load.Id), ("file", folder["fleet.beecap"])));

        Assert.Equal((2L, 0UL), ((long)capture.Properties["Events"].Value, (ulong)capture.Properties["Lost"].Value));
    }

    [SshKernelFact]
    public void Every_early_end_here_releases_the_programs_on_all_hosts()
    {
        using SshHosts hosts = Open("one", "two");
        using var load = new Load();
        load.Repeat("/bin/true");
        KernelIds? held = null;
        (string, object?)[] variables = [("program", programs.Execsnoop), ("id", load.Id), ("note", (Action)(() => held ??= WaitForPrograms(hosts)))];

        _shell.Run(Repeated + "{ $note.Invoke(); $_ } | Select-Object -First 1 }", variables);
        Kernel.AssertGone(held!);
        held = null;
        _shell.Run(Repeated + "{ $note.Invoke(); throw 'enough' } }", variables);
        Kernel.AssertGone(held!);

        using PowerShell pipeline = _shell.Pipeline(Repeated + "{ } }", variables);
        IAsyncResult running = pipeline.BeginInvoke();
        held = WaitForPrograms(hosts);
        pipeline.Stop();
        Kernel.AssertGone(held);
        Assert.True(running.IsCompleted);
    }

    [SshKernelFact]
    public void A_connection_that_breaks_or_is_silent_releases_the_programs_and_is_an_error()
    {
        using SshHosts hosts = Open("one", "two");
        using var load = new Load();
        using PowerShell pipeline = _shell.Pipeline(Repeated + "{ } }", ("program", programs.Execsnoop), ("id", load.Id));
        IAsyncResult running = pipeline.BeginInvoke();
        KernelIds held = WaitForPrograms(hosts);

        // A stopped client stands for a cut network.
        Signal("STOP", Client("one"));
        Signal("KILL", Client("two"));

        Kernel.AssertGone(held);
        pipeline.EndInvoke(running);
        Assert.Equal(["one", "two"], pipeline.Streams.Error.Select(error => $"{error.TargetObject}").Order());
        Assert.All(pipeline.Streams.Error, error => Assert.StartsWith("Fleet.ConnectionLost", error.FullyQualifiedErrorId, StringComparison.Ordinal));
    }

    [SshKernelFact]
    public void A_killed_shell_here_releases_the_programs_on_the_hosts()
    {
        using SshHosts hosts = Open("one", "two");
        using Process child = Child.Start($"Invoke-BeeProgram '{programs.Execsnoop}' -HostName one,two -Parameter @{{ target_pid = 2147483647 }}");
        KernelIds held = WaitForPrograms(hosts);

        child.Kill();
        child.WaitForExit();

        Kernel.AssertGone(held);
    }

    [FullSshKernelFact]
    public void Every_event_of_several_hosts_at_a_high_rate_arrives_or_is_counted_as_lost()
    {
        using SshHosts hosts = Open("one", "two", "three");
        using var load = new Load();
        load.Send("exec perl -e 'for (1..5000) { getppid for 1..20; select(undef, undef, undef, 0.001) } sleep 60' 2>&1");

        ShellResult result = _shell.Run(
            """
            $first = @{}; $last = @{}; $count = @{}
            Invoke-BeeProgram $program -HostName one,two,three -Parameter @{ target_pid = $id } -Duration $seconds -Verbose 4>&1 | ForEach-Object {
                if ($_ -is [Management.Automation.VerboseRecord]) { "$_"; return }
                $name = $_.PSComputerName
                if (-not $count[$name]) { $first[$name] = $_.number }
                $count[$name]++; $last[$name] = $_.number
            }
            foreach ($name in $count.Keys) { "gaps of ${name}: $($last[$name] - $first[$name] + 1 - $count[$name])" }
            """,
            ("program", programs.Compile("numbers", Numbers)), ("id", load.Id), ("seconds", 10));

        Assert.Empty(result.Errors);
        foreach (string name in hosts.Names)
        {
            // Without an event, the calls were over before the host's program was attached.
            string? gaps = result.Output.Select(line => $"{line}").FirstOrDefault(line => line.StartsWith($"gaps of {name}: ", StringComparison.Ordinal));
            string lost = result.Output.Select(line => $"{line}").Single(line => line.StartsWith($"{name}: print_numbers: ", StringComparison.Ordinal));
            Assert.True(gaps is null || lost.Contains($" {gaps.Split(' ')[^1]} lost", StringComparison.Ordinal), $"{gaps}; {lost}");
        }
    }

    [FullSshKernelFact]
    public void Twenty_hosts_run_at_once()
    {
        string[] names = [.. Enumerable.Range(1, 20).Select(number => $"host{number}")];
        using SshHosts hosts = Open(names);
        using var load = new Load();
        load.Send("exec >/dev/null 2>&1; while :; do /bin/true; sleep 0.1; done");

        ShellResult result = _shell.Run(
            "$seen = @{}; foreach ($once in 1) { Invoke-BeeProgram $program -HostName $names -Parameter @{ target_pid = $id } -Duration 60 | ForEach-Object { $seen[$_.PSComputerName] = $true; if ($seen.Count -eq $names.Count) { break } } }; $seen.Keys",
            ("program", programs.Execsnoop), ("id", load.Id), ("names", names));

        Assert.Empty(result.Errors);
        Assert.Equal(names.Order(), result.Output.Select(name => $"{name}").Order());
    }

    private SshHosts Open(params string[] names)
    {
        var hosts = new SshHosts(BeeModule.Root, names);
        Environment.SetEnvironmentVariable("PATH", $"{hosts.ClientFolder}:{_path}");
        return hosts;
    }

    // The ids of the programs on all hosts.
    private static KernelIds Held(SshHosts hosts)
    {
        KernelIds[] all = [.. hosts.Names.Select(name => Held(hosts, name))];
        return new KernelIds([.. all.SelectMany(one => one.Programs)], [.. all.SelectMany(one => one.Links)]);
    }

    private static KernelIds Held(SshHosts hosts, string name)
    {
        var found = new KernelIds([], []);
        foreach (int id in hosts.Processes(name))
        {
            try
            {
                KernelIds held = Kernel.Held(id);
                found = held.Programs.Count > 0 ? held : found;
            }
            catch (IOException)
            {
                // The process has ended.
            }
        }

        return found;
    }

    private static KernelIds WaitForPrograms(SshHosts hosts)
    {
        Wait.Until(() => hosts.Names.All(name => Held(hosts, name).Links.Count > 0));
        return Held(hosts);
    }

    // The ssh process of this process for a host.
    private static int Client(string host) => Directory.GetDirectories("/proc/self/task").SelectMany(task => Text($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(int.Parse)
        .First(id => Text($"/proc/{id}/cmdline").Contains($"\0--\0{host}\0", StringComparison.Ordinal));

    // Threads and processes may end meanwhile.
    private static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return string.Empty;
        }
    }

    private static void Signal(string signal, int process) => Process.Start("/bin/kill", [$"-{signal}", $"{process}"]).WaitForExit();

    private sealed class FullSshKernelFactAttribute : FactAttribute
    {
        public FullSshKernelFactAttribute() => Skip = FullRun.IsOn ? KernelTests.Obstacle ?? SshHosts.Obstacle : "it takes long: ./build.sh test -Full";
    }
}

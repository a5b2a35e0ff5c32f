using System.Collections;
using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>What tools return besides records of rings, from two hosts.</summary>
[Collection("Alone")]
public sealed class FleetKindTests(Programs programs) : IDisposable
{
    private const string Head = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, 0);

        """;

    private readonly string? _path = Environment.GetEnvironmentVariable("PATH");
    private readonly TempFolder _folder = new();
    private readonly Shell _shell = new();

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("PATH", _path);
        _shell.Dispose();
        _folder.Dispose();
    }

    [SshKernelFact]
    public void Histograms_of_each_host_are_typed_and_grow()
    {
        IReadOnlyList<PSObject> items = Run(
            """
            BEE_HISTOGRAM(hist_sizes_bytes, u32, 16);
            SEC("tracepoint/syscalls/sys_enter_getppid")
            int on_call(void *ctx)
            {
                u32 key = 7;
                if (bee_targeted(target_pid))
                    bee_observe_log2(&hist_sizes_bytes, &key, 100);
                return 0;
            }
            """,
            "-Interval 200ms");

        Assert.All(items, item => Assert.Equal(("hist_sizes_bytes", "bytes"), ((string)item.Properties["MapName"].Value, (string)item.Properties["Unit"].Value)));
        AssertGrows(items, "Count");
        var bucket = PSObject.AsPSObject(((IEnumerable)items[^1].Properties["Buckets"].Value).Cast<object>().Single());
        Assert.Equal((64.0, 128.0), ((double)bucket.Properties["From"].Value, (double)bucket.Properties["To"].Value));
        AssertShown(items, "hist_sizes_bytes  ", "PSComputerName=one");
    }

    [SshKernelFact]
    public void Counters_of_each_host_are_typed_and_grow()
    {
        IReadOnlyList<PSObject> items = Run(
            """
            struct called { char comm[16]; };
            BEE_HASH(counter_calls, struct called, u64, 16);
            SEC("tracepoint/syscalls/sys_enter_getppid")
            int on_call(void *ctx)
            {
                struct called key = {};
                if (!bee_targeted(target_pid))
                    return 0;
                bpf_get_current_comm(key.comm, sizeof(key.comm));
                bee_count(&counter_calls, &key);
                return 0;
            }
            """,
            "-Interval 200ms");

        Assert.All(items, item => Assert.Equal("perl", item.Properties["comm"].Value));
        AssertGrows(items, "Value");
        AssertShown(items, "PSComputerName", "one");
    }

    [SshKernelFact]
    public void Trace_lines_of_each_host_are_typed_and_in_order()
    {
        IReadOnlyList<PSObject> items = Run(
            """
            SEC("tracepoint/syscalls/sys_enter_getppid")
            int on_call(void *ctx)
            {
                if (bee_targeted(target_pid))
                    bpf_printk("hello %d\n", bee_pid());
                return 0;
            }
            """,
            "-Trace");

        Assert.All(items, item => Assert.Equal(("on_call", "perl", $"hello {item.Properties["Pid"].Value}"), ((string)item.Properties["Program"].Value, (string)item.Properties["Comm"].Value, (string)item.Properties["Text"].Value)));
        DateTime[] times = [.. items.Where(item => item.Properties["Late"].Value is false).Select(item => (DateTime)PSObject.AsPSObject(item.Properties["Time"].Value).BaseObject)];
        Assert.Equal(times.Order(), times);
        AssertShown(items, "PSComputerName", "one");
    }

    [SshKernelFact]
    public void Stacks_of_each_host_have_the_names_of_its_functions()
    {
        IReadOnlyList<PSObject> items = Run(
            """
            BEE_STACKS(stacks, 4096);
            struct call { pid_t pid; user_stack_id user_stack; kernel_stack_id kernel_stack; };
            BEE_RING(print_calls, struct call, 1 << 16);
            SEC("tracepoint/syscalls/sys_enter_getppid")
            int on_call(void *ctx)
            {
                struct call *event;
                if (!bee_targeted(target_pid))
                    return 0;
                event = bee_reserve(print_calls, struct call);
                if (!event)
                    return 0;
                event->pid = bee_pid();
                event->user_stack = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
                event->kernel_stack = bpf_get_stackid(ctx, &stacks, 0);
                bee_submit(event);
                return 0;
            }
            """,
            "");

        Assert.All(items, item => Assert.Contains("getppid", $"{item.Properties["user_stack"].Value}", StringComparison.Ordinal));
        Assert.All(items, item => Assert.Contains("do_syscall", $"{item.Properties["kernel_stack"].Value}", StringComparison.Ordinal));
        AssertShown(items, "PSComputerName", "one");
    }

    // Runs a tool until each host has sent four objects, also into a capture that has the same ones.
    private IReadOnlyList<PSObject> Run(string source, string arguments)
    {
        using var hosts = new SshHosts(BeeModule.Root, ["one", "two"]);
        Environment.SetEnvironmentVariable("PATH", $"{hosts.ClientFolder}:{_path}");
        using var load = new Load();
        load.Send("exec perl -e 'for (1..6000) { getppid; select(undef, undef, undef, 0.01) }' 2>&1");

        ShellResult result = _shell.Run(
            $$"""
            $seen = @{}
            foreach ($once in 1) {
                Invoke-BeeProgram $program -HostName one, two -Parameter @{ target_pid = $id } {{arguments}} -Capture $capture -PassThru | ForEach-Object {
                    $_
                    $seen[$_.PSComputerName]++
                    if ($seen.Count -eq 2 -and @($seen.Values -lt 4).Count -eq 0) { break }
                }
            }
            """,
            ("program", programs.Compile("kind", Head + source)), ("id", load.Id), ("capture", _folder["kind.beecap"]));

        Assert.Empty(result.Errors);
        Assert.Equal(["one", "two"], result.Output.Select(Host).Distinct().Order());
        Assert.Single(result.Output.Select(item => item.BaseObject.GetType()).Distinct());
        // The capture may have more objects than the pipeline took.
        IReadOnlyList<PSObject> captured = _shell.Objects("Import-BeeEvent $capture", ("capture", _folder["kind.beecap"]));
        Assert.Equal(result.Output.Select(Host), captured.Take(result.Output.Count).Select(Host));
        return [.. result.Output];
    }

    private static string Host(PSObject item) => (string)item.Properties["PSComputerName"].Value;

    private static void AssertGrows(IReadOnlyList<PSObject> items, string property)
    {
        foreach (IGrouping<string, PSObject> host in items.GroupBy(Host))
        {
            long[] values = [.. host.Select(item => Convert.ToInt64(item.Properties[property].Value, System.Globalization.CultureInfo.InvariantCulture))];
            Assert.Equal(values.Distinct().Order(), values);
        }
    }

    private void AssertShown(IReadOnlyList<PSObject> items, params string[] texts)
    {
        string[] lines = _shell.Show("$items", ("items", items.ToArray()));
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 80));
        Assert.All(texts, text => Assert.Contains(lines, line => line.Contains(text, StringComparison.Ordinal)));
    }
}

using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>-Trace, and the messages about tools that write trace lines.</summary>
[Collection("Bee")]
public sealed class TraceTests(Programs programs) : IDisposable
{
    // The escape sequence would turn the terminal red, and the line end would begin a new row. The kernel does not allow such characters in formats.
    private const string Source = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, 1);
        SEC("tracepoint/syscalls/sys_enter_openat")
        int opened(struct trace_event_raw_sys_enter *ctx)
        {
            char red[] = "\x1b[31m";
            if (bee_targeted(target_pid))
                bpf_printk("red %s and\nmore %d", red, 42);
            return 0;
        }
        """;

    private readonly Shell _shell = new();
    private readonly Load _load = new();

    [KernelFact]
    public void Trace_lines_are_events_in_a_table()
    {
        _load.Repeat(": < /etc/hostname");

        string[] lines = _shell.Show("Invoke-BeeProgram $program -Trace -Parameter @{ target_pid = $id } -MaxEvents 2 -Duration 20", Variables);

        string[] shown = [.. lines.Where(line => line.Length > 0)];
        Assert.Equal(["Time", "Cpu", "Pid", "Comm", "Program", "Text"], shown[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(4, shown.Length);
        Assert.All(shown.Skip(2), row =>
        {
            Assert.Contains(" opened ", row, StringComparison.Ordinal);
            Assert.Contains("more 42", row, StringComparison.Ordinal);
            Assert.DoesNotContain('\x1b', row);
        });
    }

    [KernelFact]
    public void Background_session_returns_its_trace_lines()
    {
        Assert.Empty(_shell.Run("Start-BeeProgram $program -Name traced -Trace -Parameter @{ target_pid = $id }", Variables).Errors);
        _load.Do(": < /etc/hostname");

        ShellResult result = _shell.Run("Receive-BeeEvent traced -Wait -MaxEvents 1; Stop-BeeProgram traced");

        PSObject line = Assert.Single(result.Output);
        Assert.Equal("Bee.Ebpf.Events.TraceLine", line.TypeNames[0]);
        Assert.Equal("red \x1b[31m and\nmore 42", line.Properties["Text"].Value);
        Assert.Equal(_load.Id, line.Properties["Pid"].Value);
        Assert.Empty(result.Warnings);
    }

    [KernelFact]
    public void Tool_with_only_trace_lines_warns_and_names_Trace()
    {
        ShellResult result = _shell.Run("Invoke-BeeProgram $program -Parameter @{ target_pid = $id } -Duration 0", Variables);

        Assert.EndsWith("It writes trace lines with bpf_printk, which -Trace shows.", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Trace_of_a_tool_without_trace_lines_is_a_warning()
    {
        ShellResult result = _shell.Run("Invoke-BeeProgram $program -Trace -Parameter @{ target_pid = $id } -Duration 0", ("program", programs.Opensnoop), ("id", _load.Id));

        Assert.StartsWith("-Trace has no effect", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _load.Dispose();
        _shell.Dispose();
    }

    private (string, object?)[] Variables => [("program", programs.Compile("traced", Source)), ("id", _load.Id)];
}

using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

[Collection("Bee")]
public sealed class StatisticsTests(Programs programs) : IDisposable
{
    private readonly Shell _shell = new();
    private readonly Load _load = new();

    [KernelFact]
    public void Get_BeeProgram_Statistics_returns_a_row_for_each_program_and_switches_statistics_off_again()
    {
        string setting = File.ReadAllText("/proc/sys/kernel/bpf_stats_enabled");
        Objects("$null = Start-BeeProgram $program -Name counted -Parameter @{ target_pid = $id }");
        _load.Repeat(": < /etc/hostname");

        dynamic row = Assert.Single(Objects("do { $row = Get-BeeProgram counted -Statistics -Interval 100ms } until ($row.RunsPerSecond -gt 0); $row")).BaseObject;
        Assert.Equal(("counted", "entered", "Tracepoint"), ((string)row.Session, (string)row.Program, $"{row.Type}"));
        Assert.True(row.Interval >= TimeSpan.FromMilliseconds(100));
        Assert.True(row.Runs > 0UL && row.Share > 0 && row.NanosecondsPerRun > 0 && row.RunTime > TimeSpan.Zero);
        Assert.Equal((0, setting), (Held(), File.ReadAllText("/proc/sys/kernel/bpf_stats_enabled")));
        Assert.Equal(
            ["", "Session        Program                 Runs/s   ns/run     CPU        Runs", "-------        -------                 ------   ------     ---        ----"],
            _shell.Show("Get-BeeProgram c* -Statistics -Interval 10ms")[..3]);

        // Without a lease the metrics have no runs; a server may request them.
        Assert.Empty(Objects("Get-BeeMetric bee_program_*"));
        Objects("$global:server = Start-BeeMetricServer 0 -Statistics");
        Assert.Equal(1, Held());
        Assert.Matches("""\nbee_program_runs_total\{session="counted",program="entered"\} [1-9]""", $"{Assert.Single(Objects("Invoke-RestMethod $server.Uri"))}");
        Objects("Stop-BeeMetricServer $server.Id");
        Assert.Equal(0, Held());

        Objects("Stop-BeeProgram counted");
        Assert.Equal("ProgramEnded,Bee.Cmdlets.Programs.GetProgramCommand", _shell.Error("$null = Start-BeeProgram $program -Name ended -MaxEvents 1 -Parameter @{ target_pid = $id }; $null = Receive-BeeEvent ended -Wait; Get-BeeProgram ended -Statistics", Variables).FullyQualifiedErrorId);
        Assert.Empty(Objects("Get-BeeProgram end* -Statistics; Stop-BeeProgram ended"));
    }

    [KernelFact]
    public void Statistics_of_a_run_are_in_the_metrics_of_its_session()
    {
        Objects("$null = Start-BeeProgram $program -Name counted -Statistics -Parameter @{ target_pid = $id }");
        Assert.Equal(1, Held());
        _load.Do(": < /etc/hostname; : < /etc/hosts");

        Assert.Equal(["bee_program_runs_total", "bee_program_run_seconds_total"], Strings("Get-BeeMetric bee_program_* | Where-Object Value -gt 0 | ForEach-Object Name"));
        Objects("Stop-BeeProgram counted");
        Assert.Equal(0, Held());
    }

    [KernelFact]
    public void MaxOverhead_detaches_a_tool_with_a_blocked_reader_and_removes_pins()
    {
        string folder = $"/sys/fs/bpf/bee/test-{Environment.ProcessId}-{Guid.NewGuid():N}";
        // Each system call of the load exceeds the limit.
        const string Limit = "0.0000001%";
        Objects($"$global:session = Start-BeeProgram $program -Name pinned -PinPath {folder} -MaxOverhead {Limit} -Map print_* -Parameter @{{ target_pid = $id }}");
        var gate = new Gate();
        _load.Repeat(": < /etc/hostname");

        ShellResult run = _shell.Run($"Invoke-BeeProgram $program -MaxOverhead {Limit} -Map print_* -Parameter @{{ target_pid = $id }} | ForEach-Object {{ $gate.WaitUntilDetached(); $_ }}", [.. Variables, ("gate", gate)]);

        // Events in the buffer are returned after the tool was detached.
        Assert.True(run.Output.Count > 1);
        ErrorRecord error = Assert.Single(run.Errors);
        Assert.Equal("OverheadExceeded,Bee.Cmdlets.Programs.InvokeProgramCommand", error.FullyQualifiedErrorId);
        Assert.Equal((ErrorCategory.LimitsExceeded, programs.Calls), (error.CategoryInfo.Category, $"{error.TargetObject}"));
        dynamic exceeded = error.Exception;
        Assert.Equal(3, ((System.Collections.IList)exceeded.Windows).Count);
        Assert.Contains("-MaxOverhead", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);

        Wait.Until(() => Strings("\"$($session.State)\"") is ["Failed"]);
        Assert.False(Directory.Exists(folder));
        ShellResult received = _shell.Run("Receive-BeeEvent pinned", Variables);
        Assert.NotEmpty(received.Output);
        Assert.Equal("OverheadExceeded,Bee.Cmdlets.Events.ReceiveEventCommand", Assert.Single(received.Errors).FullyQualifiedErrorId);
        Objects("Stop-BeeProgram pinned");
        Assert.Equal(0, Held());
    }

    [KernelFact]
    public void MaxOverhead_that_is_not_exceeded_changes_nothing()
    {
        Assert.Empty(Objects("Invoke-BeeProgram $program -MaxOverhead 100% -Map print_* -Parameter @{ target_pid = $id } -Duration 20ms"));
        Assert.Equal(0, Held());
    }

    [Fact]
    public void MaxOverhead_accepts_only_percentages_with_a_sign()
    {
        foreach ((string given, string message) in new[]
        {
            ("1", "'1' has no percent sign"), ("0.5", "'0.5' has no percent sign"), ("'1'", "'1' has no percent sign"), ("0%", "'0%' is not a percentage"), ("101%", "'101%' is not a percentage"),
            ("'1,5%'", "'1,5%' is not a percentage"), ("1,5%", "A percentage is a single value, but 2 were given"), ("'%'", "'%' is not a percentage"), ("NaN%", "'NaN%' is not a percentage"), ("$null", "Null is not a percentage"), ("''", "'' is not a percentage"),
        })
        {
            ErrorRecord error = _shell.Error($"Invoke-BeeProgram ./none.o -MaxOverhead {given}");
            Assert.Contains(message, $"{error}", StringComparison.Ordinal);
            Assert.Contains("as 1% or 0.5%", $"{error}", StringComparison.Ordinal);
        }

        Assert.Equal("FileNotFound", _shell.Error("Invoke-BeeProgram ./none.o -MaxOverhead 0.5%").FullyQualifiedErrorId.Split(',')[0]);
    }

    [Theory]
    [InlineData("0", "0 ms is too short. Give 10ms or more.")]
    [InlineData("9ms", "9 ms is too short. Give 10ms or more.")]
    [InlineData("-1", "A duration cannot be negative")]
    public void Interval_below_ten_milliseconds_is_an_error(string given, string message) =>
        Assert.Contains(message, $"{_shell.Error($"Get-BeeProgram -Statistics -Interval {given}")}", StringComparison.Ordinal);

    private (string, object?)[] Variables => [("program", programs.Calls), ("id", _load.Id)];

    private static int Held() => Directory.EnumerateFiles("/proc/self/fd").Count(fd => new FileInfo(fd).LinkTarget == "anon_inode:bpf-stats");

    private IReadOnlyList<PSObject> Objects(string script) => _shell.Objects(script, Variables);

    private string[] Strings(string script) => [.. Objects(script).Select(item => $"{item}")];

    public void Dispose()
    {
        _load.Dispose();
        _shell.Dispose();
    }

    /// <summary>Blocks the pipeline until the kernel has no link of this process any more.</summary>
    public sealed class Gate
    {
        private readonly HashSet<uint> _links = [];

        public void WaitUntilDetached()
        {
            if (_links.Count == 0)
            {
                _links.UnionWith(Kernel.Held().Links);
                Assert.NotEmpty(_links);
            }

            Wait.Until(() => Kernel.Alive(new KernelIds([], _links)).Count == 0);
        }
    }
}

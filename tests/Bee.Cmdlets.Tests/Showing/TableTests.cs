using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using Xunit.Abstractions;

namespace Bee.Cmdlets.Tests;

/// <summary>Output on a screen of 80 columns.</summary>
[Collection("Bee")]
public sealed class TableTests(Programs programs, ITestOutputHelper report) : IDisposable
{
    private readonly Shell _shell = new();
    private readonly Load _load = new();

    [KernelFact]
    public void Events_are_a_table_with_their_fields_as_columns()
    {
        _load.Repeat("/bin/true with an argument that makes the line longer than eighty columns can show");

        string[] lines = Show("Invoke-BeeProgram $execsnoop -Parameter @{ target_pid = $id } -MaxEvents 3 -Duration 20");

        string header = lines.First(line => line.Length > 0);
        Assert.Contains("pid", header, StringComparison.Ordinal);
        Assert.Contains("comm", header, StringComparison.Ordinal);
        Assert.DoesNotContain("MapName", header, StringComparison.Ordinal);
        Assert.Equal(3, lines.Count(line => line.Contains("true", StringComparison.Ordinal) || line.Contains("sleep", StringComparison.Ordinal)));
    }

    [KernelFact]
    public void First_row_is_shown_soon_after_its_event()
    {
        using PowerShell pipeline = _shell.Pipeline("Invoke-BeeProgram $calls -Parameter @{ target_pid = $id } -Map print_seen | Out-Default", Variables());
        pipeline.BeginInvoke();
        Wait.Until(() => Kernel.Held().Links.Count > 0);
        Thread.Sleep(500);
        Assert.Empty(_shell.Screen);

        var watch = Stopwatch.StartNew();
        _load.Send(": < /etc/hostname");
        string pid = _load.Id.ToString(CultureInfo.InvariantCulture);
        Wait.Until(() => _shell.Screen.Contains(pid, StringComparison.Ordinal));
        report.WriteLine($"first row after {watch.ElapsedMilliseconds} ms");
        pipeline.Stop();
    }

    [KernelFact]
    public void Entries_are_a_table_with_key_and_value()
    {
        _load.Do(": < /etc/hostname");
        _load.Repeat(": < /etc/hostname");

        string[] lines = Show("Invoke-BeeProgram $calls -Parameter @{ target_pid = $id } -Map counter_calls -Interval 100ms -Duration 1");

        string header = lines.First(line => line.Length > 0);
        foreach (string column in new[] { "pid", "comm", "Value" })
        {
            Assert.Contains(column, header, StringComparison.Ordinal);
        }

        Assert.Contains(lines, line => line.Contains(_load.Id.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) && line.Contains("sh", StringComparison.Ordinal));
    }

    [KernelFact]
    public void Background_sessions_and_maps_are_tables()
    {
        _shell.Objects("Start-BeeProgram $calls -Name counted -Parameter @{ target_pid = $id }", Variables());
        try
        {
            Assert.Contains(Show("Get-BeeProgram"), line => line.Contains("counted", StringComparison.Ordinal) && line.Contains("Running", StringComparison.Ordinal));
            string[] maps = Show("Get-BeeMap -Program counted");
            Assert.Contains(maps, line => line.Trim() == "Program: counted");
            Assert.Contains(maps, line => line.Contains("counter_calls", StringComparison.Ordinal) && line.Contains("Hash", StringComparison.Ordinal));
        }
        finally
        {
            _shell.Objects("Stop-BeeProgram counted");
        }
    }

    [Fact]
    public void Images_are_a_table()
    {
        string[] lines = Show("Get-BeeImage -Store $store");

        Assert.Contains(lines, line => line.Contains("test/execsnoop", StringComparison.Ordinal) && line.Contains("KiB", StringComparison.Ordinal));
    }

    [KernelFact]
    public void Views_of_other_types_stay_unchanged()
    {
        const string Other = "[System.Management.Automation.VerboseRecord]::new('as it was'); Get-Module | Where-Object Name -eq Bee";
        string[] before = Show(Other);

        Show("Invoke-BeeProgram $calls -Parameter @{ target_pid = $id } -Duration 200ms");

        Assert.Equal(before, Show(Other));
    }

    private (string, object?)[] Variables() =>
        [("execsnoop", programs.Execsnoop), ("calls", programs.Calls), ("store", programs.Store), ("id", _load.Id)];

    private string[] Show(string script)
    {
        string[] lines = _shell.Show(script, Variables());
        Assert.All(lines, line => Assert.True(line.Length <= 80, $"{line.Length} columns: {line}"));
        return lines;
    }

    public void Dispose()
    {
        _load.Dispose();
        _shell.Dispose();
    }
}

namespace Bee.Cmdlets.Tests;

/// <summary>Tables and bars on screens of other widths than 80 columns.</summary>
[Collection("Bee")]
public sealed class WidthTests(Programs programs) : IDisposable
{
    // The fields need 200 columns. On 80 columns the timestamps and the second text are dropped, on 60 more fields.
    private const string Source = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, 1);
        struct seen { u32 pid; ktime at; u64 first; u64 second; u64 third; char comm[16]; char kind[24]; char path[64]; };
        struct who { char comm[16]; };
        BEE_RING(print_seen, struct seen, 1 << 16);
        BEE_HISTOGRAM(hist_took_ns, struct who, 16);

        SEC("tracepoint/syscalls/sys_enter_openat")
        int entered(void *ctx)
        {
            struct seen seen = { .pid = 42, .at = bpf_ktime_get_ns(), .first = 1, .comm = "comm", .kind = "kind", .path =
                "/a/path/that/no/table/of/eighty/columns/shows/to/its/end" };
            struct who who = { "comm" };
            if (!bee_targeted(target_pid))
                return 0;
            bee_output(print_seen, &seen, sizeof(seen));
            bee_observe_log2(&hist_took_ns, &who, 1000);
            bee_observe_log2(&hist_took_ns, &who, 5000000);
            return 0;
        }
        """;

    private readonly Load _load = new();

    [KernelTheory]
    [InlineData(60, "pid comm kind path")]
    [InlineData(80, "pid at first second comm kind path")]
    [InlineData(120, "pid at first second third comm kind path")]
    [InlineData(200, "pid at first second third comm kind path")]
    public void Table_of_events_has_the_columns_that_fit_the_screen(int width, string expected)
    {
        using var shell = new Shell(width);
        _load.Repeat(": < /etc/hostname");

        string[] lines = ShowEvent(shell);

        string[] columns = lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.InRange(line.Length, 1, width));
        Assert.Equal(expected.Split(' '), columns);
        Assert.Contains("/a/path/that", lines[^1], StringComparison.Ordinal);
        Assert.Equal(width >= 200, lines[^1].Contains("/to/its/end", StringComparison.Ordinal));
    }

    [KernelFact]
    public void Table_follows_a_resized_screen()
    {
        using var shell = new Shell(200);
        _load.Repeat(": < /etc/hostname");
        Assert.Contains("first", ShowEvent(shell)[0], StringComparison.Ordinal);

        shell.Resize(60);
        string[] lines = ShowEvent(shell);

        Assert.DoesNotContain("first", lines[0], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.InRange(line.Length, 1, 60));
    }

    [KernelTheory]
    [InlineData(60)]
    [InlineData(200)]
    public void Out_String_Width_keeps_the_last_column(int width)
    {
        using var shell = new Shell(120);
        _load.Repeat(": < /etc/hostname");

        string text = (string)Assert.Single(shell.Objects($"{Run} -Map print_seen -MaxEvents 1 | Out-String -Width {width}", Variables)).BaseObject;

        Assert.All(text.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, width));
        Assert.Equal(width >= 200, text.Contains("/to/its/end", StringComparison.Ordinal));
    }

    [KernelTheory]
    [InlineData(60)]
    [InlineData(120)]
    public void Bars_of_a_histogram_fit_the_screen(int width)
    {
        using var shell = new Shell(width);
        _load.Repeat(": < /etc/hostname");

        string[] lines = [.. shell.Show($"{Run} -Map hist_took_ns -Interval 200ms -MaxEvents 1", Variables).Where(line => line.Length > 0)];

        Assert.StartsWith("hist_took_ns", lines[0], StringComparison.Ordinal);
        // One column stays free, because the engine breaks a line that fills the screen.
        Assert.Equal(width - 1, lines.Where(line => line.EndsWith('|')).Max(line => line.Length));
        Assert.All(lines, line => Assert.InRange(line.Length, 1, width - 1));
    }

    [KernelFact]
    public void Tables_of_the_format_file_lose_whole_columns_on_a_narrow_screen()
    {
        using var shell = new Shell(60);

        string[] sessions = [.. shell.Show("$p = Start-BeeProgram $program -Name narrow -Parameter @{ target_pid = $id }; $p; $p | Stop-BeeProgram", Variables).Where(line => line.Length > 0)];
        string[] images = [.. shell.Show("Get-BeeImage -Store $store", ("store", programs.Store)).Where(line => line.Length > 0)];
        shell.Resize(80);
        string[] wide = [.. shell.Show("Get-BeeImage -Store $store", ("store", programs.Store)).Where(line => line.Length > 0)];

        Assert.Equal(["Id", "Name", "State", "Started", "Events", "Lost"], sessions[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(["Repository", "Tag", "Digest", "Created", "Size"], images[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(["Repository", "Tag", "Digest", "Created", "Size"], wide[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("test/", images[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(200)]
    public void Table_of_metrics_has_its_values_on_each_screen(int width)
    {
        using var shell = new Shell(width);

        string[] lines = [.. shell.Show("Get-BeeMetric bee_build_info | Format-Table").Where(line => line.Length > 0)];

        Assert.Equal(["Name", "Value", "Labels"], lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Matches(@"^bee_build_info +1 \w+=", lines[2]);
        Assert.All(lines, line => Assert.InRange(line.Length, 1, width));
    }

    public void Dispose() => _load.Dispose();

    private const string Run = "Invoke-BeeProgram $program -Parameter @{ target_pid = $id } -Duration 20";

    private (string, object?)[] Variables => [("program", programs.Compile("widths", Source)), ("id", _load.Id)];

    private string[] ShowEvent(Shell shell)
    {
        return [.. shell.Show($"{Run} -Map print_seen -MaxEvents 1", Variables).Where(line => line.Length > 0)];
    }
}

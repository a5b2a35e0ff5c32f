using System.Globalization;
using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>Histograms in the pipeline, and on a screen of 80 columns.</summary>
[Collection("Bee")]
public sealed class HistogramTests : IDisposable
{
    /// <summary>The process's first call took 1500 ns and moved 100 bytes, the second 1600 and 5000, the third 5 ms and 5000. Then the sequence repeats.</summary>
    private const string Source = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, 0);

        struct who { char comm[16]; uid_t uid; };
        struct moved { char direction[8]; byte_size size; };
        struct named { char text[8]; };

        BEE_HISTOGRAM(hist_took_ns, struct who, 16);
        BEE_RING(hist_moved, struct moved, 4096);
        BEE_RING(print_calls, u32, 4096);
        BEE_HASH(hist_words, struct named, u64, 16);

        static u32 calls;

        SEC("tracepoint/syscalls/sys_enter_openat")
        int entered(void *ctx)
        {
            struct who who = {};
            struct moved moved = { .direction = "up" };
            struct named named = { .text = "x" };
            u32 call, next;

            if (!bee_targeted(target_pid))
                return 0;
            next = calls++;
            call = next % 3;
            bpf_get_current_comm(who.comm, sizeof(who.comm));
            bee_observe_log2(&hist_took_ns, &who, call == 0 ? 1500 : call == 1 ? 1600 : 5000000);
            moved.size = call == 0 ? 100 : 5000;
            bee_output(hist_moved, &moved, sizeof(moved));
            bee_output(print_calls, &next, sizeof(next));
            bee_count(&hist_words, &named);
            return 0;
        }
        """;

    private static readonly object s_gate = new();
    private static string? s_object;

    private readonly Shell _shell = new();
    private readonly Load _load = new();
    private readonly string _program;

    public HistogramTests(Programs programs)
    {
        lock (s_gate)
        {
            _program = s_object ??= programs.Compile("histograms", Source);
        }
    }

    [KernelFact]
    public void Histogram_is_drawn_as_bars()
    {
        string[] lines = Show("$h = Three 'hist_took_ns'; $h");

        string bar = new('@', 56);
        Assert.Equal(
        [
            "hist_took_ns  comm=sh uid=root",
            $"[1us, 2us)         2 |{bar}|",
            .. new[] { "[2us, 4.1us)", "[4.1us, 8.2us)", "[8.2us, 16.4us)", "[16.4us, 32.8us)", "[32.8us, 65.5us)", "[65.5us, 131.1us)", "[131.1us, 262.1us)", "[262.1us, 524.3us)", "[524.3us, 1ms)", "[1ms, 2.1ms)", "[2.1ms, 4.2ms)" }
                .Select(range => $"{range,-18} 0 |{string.Empty,56}|"),
            $"[4.2ms, 8.4ms)     1 |{bar[..28],-56}|",
            "3 values, average 1.7ms, half below 2us, 99 % below 8.4ms",
        ], lines.Where(line => line.Length > 0));
    }

    [KernelFact]
    public void Limits_in_the_metadata_are_not_rounded()
    {
        using var folder = new TempFolder();
        folder.Write("moved/moved.bpf.c", Source);
        folder.Write("moved/bee.yaml", "maps: { hist_moved: { buckets: [1000, 1536, 2000, 4096, 6000] } }\n");

        string[] lines = Show($"$program = '{folder["moved"]}'; Three 'hist_moved'");

        Assert.Equal(["(..., 1000B]", "(1000B, 1.5KiB]", "(1.5KiB, 2000B]", "(2000B, 4KiB]", "(4KiB, 6000B]"], lines.Where(line => line.StartsWith('(')).Select(line => line[..(line.IndexOf(']') + 1)]).Take(5));
        Assert.Contains("3 values, average 3.3KiB, half at most 6000B, 99 % at most 6000B", lines);
    }

    [KernelFact]
    public void Bytes_are_drawn_as_bytes()
    {
        string[] lines = Show("Three 'hist_moved'");

        Assert.Contains("hist_moved  direction=up", lines);
        Assert.Contains(lines, line => line.StartsWith("[64B, 128B)", StringComparison.Ordinal) && line.Contains(" 1 |@", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("[4KiB, 8KiB) ", StringComparison.Ordinal) && line.Contains(" 2 |@", StringComparison.Ordinal));
        Assert.Contains("3 values, average 3.3KiB, half below 8KiB, 99 % below 8KiB", lines);
    }

    [KernelFact]
    public void Histograms_among_events_are_drawn_too()
    {
        string[] lines = Show("Three 'hist_moved', 'print_calls'");

        Assert.Contains(lines, line => line.Trim() == "Value");
        Assert.Equal(["0", "1", "2"], lines.Select(line => line.Trim()).Where(line => line is "0" or "1" or "2"));
        Assert.Contains("hist_moved  direction=up", lines);
        Assert.Contains(lines, line => line.StartsWith("[64B, 128B)", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.StartsWith("Buckets", StringComparison.Ordinal));
    }

    [KernelFact]
    public void Stopped_background_session_returns_the_last_state()
    {
        Assert.Equal(["hist_took_ns 3", "hist_moved 3"], Strings(
            "Watch 'hist_took_ns', 'hist_moved' { } | ForEach-Object { \"$($_.MapName) $($_.Count)\" }").OrderDescending());
    }

    [KernelFact]
    public void Slots_are_read_as_entries_or_as_histograms()
    {
        string[] read = Strings("""
            Watch 'hist_took_ns' {
                Get-BeeMapEntry hist_took_ns -Program $watch.Id | ForEach-Object { "$($_.slots[10]) $($_.sum)" }
                Get-BeeMapEntry hist_took_ns -Program $watch.Id -Histogram | ForEach-Object { "$($_.comm) $($_.Count)" }
                Get-BeeMapEntry -Program $watch.Id -Histogram -ErrorAction SilentlyContinue | ForEach-Object MapName
            } | Where-Object { $_ -is [string] }
            """);
        Assert.Equal(["2 5003100", "sh 3", "hist_took_ns"], read);

        ErrorRecord error = _shell.Error(Script("Watch 'print_calls' { Get-BeeMapEntry print_calls -Program $watch.Id -Histogram }"), Variables());
        Assert.StartsWith("MapNotReadable", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        error = _shell.Error(Script("Watch 'print_calls' { Get-BeeMapEntry hist_words -Program $watch.Id -Histogram }"), Variables());
        Assert.StartsWith("MapNotHistogram", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("no field 'slot'", error.ToString(), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Map_without_slots_returns_entries_and_a_warning()
    {
        ShellResult result = _shell.Run(Script("Three 'hist_words'"), Variables());

        Assert.Equal("3", $"{Assert.Single(result.Output).Properties["Value"].Value}");
        Assert.Equal("histograms: hist_words: is streamed without histograms: its key has no field 'slot' or 'bucket', and its value is not an array of slots.", Assert.Single(result.Warnings));
    }

    [Fact]
    public void Build_warns_of_a_map_that_makes_no_histograms()
    {
        using var folder = new TempFolder();
        string source = folder.Write("none.bpf.c", Sources.Program("raw_tp/sys_enter", before: "BEE_HASH(hist_names, u64, struct bpf_map *, 4); BEE_HISTOGRAM(hist_good, u32, 4);"));

        ShellResult result = _shell.Run("Invoke-BeeBuild $source -BinaryOnly -OutFile $object", ("source", source), ("object", folder["none.o"]));

        Assert.StartsWith("hist_names will be shown as plain entries and not as histograms: ", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Last_histograms_show_the_final_state()
    {
        _load.Repeat(": < /etc/hostname");

        string[] names = Strings("Invoke-BeeProgram $program -Parameter @{ target_pid = $id } -Map print_calls, hist_moved -MaxEvents 3 -Interval 1h -Duration 20 | ForEach-Object MapName");

        Assert.Equal(["print_calls", "print_calls", "print_calls", "hist_moved"], names);
    }

    // Watch MAPS BLOCK: starts the tool, makes three calls, runs the block, stops, and returns the received objects.
    // Three MAPS: the same without a block, in one run.
    private static string Script(string text) => """
        function Watch([string[]] $Map, [scriptblock] $Then) {
            $watch = Start-BeeProgram $program -Map $Map -Parameter @{ target_pid = $id } -Interval 1h
            try {
                $send.Invoke()
                & $Then
            }
            finally {
                Stop-BeeProgram -Name $watch.Id
            }
            Receive-BeeEvent -InputObject $watch
        }
        function Three([string[]] $Map) { Watch $Map { } }

        """ + text;

    private string[] Strings(string text) =>
        [.. _shell.Objects(Script(text), Variables()).Select(item => string.Create(CultureInfo.InvariantCulture, $"{item}"))];

    private (string, object?)[] Variables() =>
        [("program", _program), ("id", _load.Id), ("send", new Action(() => _load.Do(": < /etc/hostname; : < /etc/hostname; : < /etc/hostname")))];

    private string[] Show(string script)
    {
        string[] lines = _shell.Show(Script(script), Variables());
        Assert.All(lines, line => Assert.True(line.Length < 80, $"{line.Length} columns: {line}"));
        return lines;
    }

    public void Dispose()
    {
        _load.Dispose();
        _shell.Dispose();
    }
}


namespace Bee.Cmdlets.Tests;

/// <summary>A shell with one object of each kind from a tool with hostile text: $seen, $entry, $histogram, $watch, $image, $check.</summary>
public sealed class ViewObjects : IDisposable
{
    private const string Source = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, 0);

        struct inner { u16 port; char name[16]; };
        struct seen { u32 pid; ktime at; syscall_nr call; duration took; errno_value error; char comm[32]; char path[32]; struct inner in; struct inner ins[2]; char names[2][16]; };
        struct other { u32 pid; ktime at; char text[16]; };
        struct who { char kind[16]; uid_t uid; };

        BEE_RING(print_seen, struct seen, 1 << 16);
        BEE_RING(print_other, struct other, 1 << 16);
        BEE_HASH(calls, syscall_nr, u64, 16);
        BEE_HASH(kinds, struct who, u64, 16);
        BEE_HISTOGRAM(hist_took_ns, struct who, 16);

        SEC("tracepoint/syscalls/sys_enter_openat")
        int entered(void *ctx)
        {
            struct seen seen = {
                .at = bpf_ktime_get_ns(), .call = 110, .took = 1234567, .error = -2, .comm = "\x1b]0;PWN\a\x1b[2Jx", .path = "a\xe2\x80\xae\x62\n\xc2\x9b",
                .in = { 80, "i\x1b[1mn" }, .ins = { { 1, "\x1b[5m" } }, .names = { "n\x1b[7m" },
            };
            struct other other = { .at = bpf_ktime_get_ns(), .text = "o\x1b[31m" };
            struct who who = { .kind = "k\x1b[4m" };
            s32 call = 110;

            if (!bee_targeted(target_pid))
                return 0;
            seen.pid = other.pid = target_pid;
            bee_output(print_seen, &seen, sizeof(seen));
            bee_output(print_other, &other, sizeof(other));
            bee_count(&calls, &call);
            bee_count(&kinds, &who);
            bee_observe_log2(&hist_took_ns, &who, 5000000);
            return 0;
        }
        """;

    private readonly Load _load = new();

    public ViewObjects(Programs programs)
    {
        Program = programs.Compile("views", Source);
        Shell.Objects(
            """
            $global:watch = Start-BeeProgram $program -Parameter @{ target_pid = $id } -Interval 1h
            $send.Invoke()
            $global:entry = $watch | Get-BeeMapEntry kinds
            $watch | Stop-BeeProgram | Out-Null
            $global:seen, $global:histogram = $watch | Receive-BeeEvent | Where-Object MapName -in print_seen, hist_took_ns | Group-Object MapName | Sort-Object Name -Descending | ForEach-Object { $_.Group[0] }
            $global:image = Get-BeeImage test/opensnoop:v1 -Store $store
            $global:check = Test-BeeHost -Name KernelVersion
            """,
            [.. Variables, ("store", programs.Store)]);
    }

    public string Program { get; }

    internal Shell Shell { get; } = new();

    internal (string, object?)[] Variables => [("program", Program), ("id", _load.Id), ("send", new Action(() => _load.Do(": < /etc/hostname")))];

    public void Dispose()
    {
        _load.Dispose();
        Shell.Dispose();
    }
}

/// <summary>The output of PowerShell's own commands for events with hostile text: lists, files, deserialized objects, several tools together.</summary>
[Collection("Bee")]
public sealed class ViewTests(ViewObjects objects) : IClassFixture<ViewObjects>
{
    [KernelTheory]
    [InlineData("$seen | Format-List", "comm +: \u241b\\]0;PWN\u2407\u241b\\[2Jx")]
    [InlineData("$seen | Format-Wide", "pid=")]
    [InlineData("$seen | Format-Custom", "comm +: \u241b")]
    [InlineData("$seen", "call=getppid")]
    [InlineData("$seen.in", "80 i\u241b\\[1mn")]
    [InlineData("$seen.ins | Format-List", "name +: \u241b\\[5m")]
    [InlineData("Get-Process -Id $PID; $seen", "path +: a\ufffdb\u240a\ufffd")]
    [InlineData("$entry | Format-List", "kind +: k\u241b\\[4m")]
    [InlineData("Get-Process -Id $PID; $entry", "kind +: k\u241b\\[4m")]
    [InlineData("$histogram | Format-List -Force", "Labels +: kind=k\u241b\\[4m")]
    [InlineData("Get-Process -Id $PID; $histogram", "kind=k\u241b\\[4m")]
    [InlineData("$histogram | Format-Table -Force", "kind=k\u241b\\[4m")]
    [InlineData("Get-Process -Id $PID; [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($seen))", "comm +: \u241b")]
    public void Views_of_hostile_text_show_no_control_characters(string show, string expected)
    {
        string text = Text($"& {{ {show} }} | Out-String -Width 79");

        Assert.Matches(expected, text);
        Assert.DoesNotContain(text, letter => char.IsControl(letter) && letter is not ('\n' or '\r'));
        Assert.DoesNotContain('\u202e', text);
        Assert.All(text.Split('\n'), line => Assert.True(line.TrimEnd().Length < 80, line));
    }

    [KernelFact]
    public void Values_of_hostile_text_stay_as_they_are()
    {
        Assert.Equal("\u001b]0;PWN\a\u001b[2Jx", Text("$seen.comm"));
        Assert.Equal("\u001b]0;PWN\a\u001b[2Jx", Text("($seen | ConvertTo-Json | ConvertFrom-Json).comm"));
        Assert.Equal("\u001b]0;PWN\a\u001b[2Jx", Text("($seen | ConvertTo-Csv | ConvertFrom-Csv).comm"));
    }

    [KernelFact]
    public void Times_in_csv_are_exact_with_their_zone()
    {
        Assert.Equal("True", Text("[datetime]::ParseExact(($seen | ConvertTo-Csv | ConvertFrom-Csv).at, 'O', [cultureinfo]::InvariantCulture, 'RoundtripKind') -eq $seen.at"));
        Assert.Equal("True", Text("$back = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($seen)); ($back | ConvertTo-Csv | ConvertFrom-Csv).at -eq $seen.at.ToString('O')"));
        Assert.Equal("True", Text("$csv = ($seen | ConvertTo-Csv)[1]; $before = [cultureinfo]::CurrentCulture; $other = $before.Clone(); $other.DateTimeFormat.LongTimePattern = 'HH'; try { [cultureinfo]::CurrentCulture = $other; ($seen | ConvertTo-Csv)[1] -eq $csv } finally { [cultureinfo]::CurrentCulture = $before }"));
        Assert.Matches(@"\d\d:\d\d:\d\d\.\d{6} [+-]\d\d:\d\d", Text("$seen | Format-List | Out-String"));
        Assert.Matches(@"T\d\d:\d\d:\d\d\.\d{7}", Text("$seen | Format-Table at, pid | Out-String"));
    }

    [KernelFact]
    public void Times_are_dates_in_all_other_commands()
    {
        Assert.Equal("True", Text("$seen.at -is [datetime]"));
        Assert.Equal("True", Text("$seen.at -lt [datetime]::Now -and [datetime]::Now -gt $seen.at -and $seen.at -gt '2020-01-01'"));
        Assert.Equal("TimeSpan", Text("([datetime]::Now - $seen.at).GetType().Name"));
        Assert.Equal("True", Text("$seen.at.ToString('yyyy', [cultureinfo]::InvariantCulture) -eq $seen.at.Year"));
        Assert.Equal("True", Text("($seen | ConvertTo-Json | ConvertFrom-Json).at -is [datetime]"));
        Assert.Equal("True Local", Text("$back = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($seen)); \"$($back.at -eq $seen.at) $($back.at.Kind)\""));
        Assert.Equal("MapName", Text("($seen | ConvertTo-Json | ConvertFrom-Json).psobject.Properties.Name[0]"));
    }

    [KernelFact]
    public void System_calls_compare_by_name_and_by_number()
    {
        Assert.Equal("1 1 0", Text("\"$(@($seen | Where-Object call -eq getppid).Count) $(@($seen | Where-Object call -eq 110).Count) $(@($seen | Where-Object call -eq read).Count)\""));
        Assert.Equal("getppid", Text("($seen | ConvertTo-Csv | ConvertFrom-Csv).call"));
        Assert.Equal("getppid", Text("($seen | ConvertTo-Json | ConvertFrom-Json).call"));
        Assert.Equal("getppid", Text("($seen | Group-Object call).Name"));
        Assert.Equal("110", Text("[int] $seen.call"));
    }

    [KernelFact]
    public void System_calls_as_keys_are_set_by_name_and_unknown_ones_stay_numbers()
    {
        string script = """
            $watch = Start-BeeProgram $program -Parameter @{ target_pid = 1 } -Map calls
            try {
                Set-BeeMapEntry calls -Program $watch.Id -Key GETPPID -Value 7
                Set-BeeMapEntry calls -Program $watch.Id -Key 9999 -Value 8
                ($watch | Get-BeeMapEntry calls | Sort-Object Value | ForEach-Object { "$($_.Key)=$($_.Value)" }) -join ' '
                ($watch | Get-BeeMapEntry calls -Key getppid).Value
                ($watch | Get-BeeMapEntry calls | Where-Object Key -eq 9999).Value
            }
            finally { Stop-BeeProgram -Name $watch.Id | Out-Null }
            """;

        Assert.Equal(["getppid=7 9999=8", "7", "8"], objects.Shell.Objects(script, objects.Variables).Select(item => $"{item}"));
    }

    [KernelTheory]
    [InlineData("$seen")]
    [InlineData("$seen | Format-List")]
    [InlineData("$entry")]
    [InlineData("$histogram")]
    [InlineData("$watch")]
    [InlineData("$watch | Format-List")]
    [InlineData("$image | Format-List")]
    [InlineData("$check")]
    public void Deserialized_objects_look_the_same(string show)
    {
        string live = Text($"& {{ {show} }} | Out-String -Width 79");
        string names = "foreach ($name in 'seen', 'entry', 'histogram', 'watch', 'image', 'check') { Set-Variable $name ([Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize((Get-Variable $name -ValueOnly), 1))) }";

        // Arrays of structs lose the escapes of their JSON.
        Assert.Equal(Lines(live), Lines(Text($"{names}; & {{ {show} }} | Out-String -Width 79")));

        static IEnumerable<string> Lines(string text) => text.Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0 && !line.StartsWith("names", StringComparison.Ordinal) && !line.StartsWith("ins", StringComparison.Ordinal));
    }

    [KernelFact]
    public void Serialized_events_have_their_own_properties_only()
        => Assert.Equal("at call comm error in ins MapName names path pid took", Text(
            "([Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($seen)).psobject.Properties.Name | Sort-Object) -join ' '"));

    [KernelFact]
    public void Text_of_an_event_has_no_characters_that_reverse_or_hide_it()
    {
        string text = Text("\"$seen\"");
        Assert.Contains("\\u202E", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202e', text);
    }

    [KernelFact]
    public void Stacks_are_shown_without_the_frames_of_the_tracing_itself()
    {
        string script = """
            $stack = [Collections.ArrayList] @(foreach ($name in 'bpf_prog_0123456789abcdef_on_call', 'bpf_trace_run2', '__traceiter_sys_enter', 'bpf_map_free', 'ksys_read') {
                [pscustomobject] @{ Symbol = $name } | Add-Member ScriptMethod ToString { $this.Symbol } -Force -PassThru
            })
            ([psobject] $stack).PSTypeNames.Insert(0, 'Deserialized.Bee.Ebpf.Symbols.StackTrace')
            [Bee.Cmdlets.Views.EventText]::Stack($stack)
            [Bee.Cmdlets.Views.EventText]::Item('Stack', $stack)
            """;
        Assert.Equal("bpf_map_free, ksys_read\n(3 frames of the tracing itself)\nbpf_map_free\nksys_read", Text($"$({script}) -join \"`n\""));
    }

    [KernelFact]
    public void Events_of_two_tools_are_ordered_by_time_and_those_of_one_have_its_table()
    {
        string script = """
            $a = Start-BeeProgram $program -Name a -Map print_seen -Parameter @{ target_pid = $id }
            $b = Start-BeeProgram $program -Name b -Map print_other -Parameter @{ target_pid = $id }
            try { 1..3 | ForEach-Object { $send.Invoke() } }
            finally { $a, $b | Stop-BeeProgram }
            $all = @($a, $b | Receive-BeeEvent)
            $all.Count -ge 6
            @(Compare-Object $all.at ($all.at | Sort-Object) -SyncWindow 0).Count
            ($all | Where-Object MapName -eq print_other | Out-String -Width 79).Trim().Split("`n")[0].Trim() -replace ' +', ' '
            @(($all | Out-String -Width 79) -split "`n" -match '^ *pid +at').Count
            @(($all | Out-String -Width 79) -split "`n" -match 'print_o').Count -ge 3
            """;

        Assert.Equal(["True", "0", "pid at text", "1", "True"], objects.Shell.Objects(script, objects.Variables).Select(item => $"{item}"));
    }

    [KernelFact]
    public void Objects_after_one_of_another_type_are_short_lists()
    {
        string text = Text("& { Test-BeeHost -Name KernelVersion; $image } | Out-String -Width 79");

        Assert.Contains("Reference   : test/opensnoop:v1", text, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", text, StringComparison.Ordinal);
        Assert.DoesNotContain(" { ", text, StringComparison.Ordinal);
    }

    private string Text(string script) => $"{objects.Shell.Objects(script).Single()}";
}

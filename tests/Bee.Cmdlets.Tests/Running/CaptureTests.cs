using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;

namespace Bee.Cmdlets.Tests;

/// <summary>Captures of real events, and the ways in which a capture can end.</summary>
[Collection("Bee")]
public sealed class CaptureTests(Programs programs) : IDisposable
{
    private readonly Shell _shell = new();
    private readonly Load _load = new();
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        _load.Dispose();
        _shell.Dispose();
        _folder.Dispose();
    }

    [KernelFact]
    public void Captured_events_are_imported_as_the_same_objects_in_the_same_table()
    {
        _load.Repeat(": < /etc/hostname; cat /etc/nowhere");

        IReadOnlyList<PSObject> live = Objects("Invoke-BeeProgram $program -Parameter @{ target_pid = $id } -MaxEvents 6 -Duration 20 -Capture $path -PassThru");
        IReadOnlyList<PSObject> read = Objects("Import-BeeEvent $path");

        Assert.Equal(6, live.Count);
        Assert.Equal(live.Select(one => one.ToString()), read.Select(one => one.ToString()));
        Assert.Equal(live[0].TypeNames, read[0].TypeNames);
        Assert.Equal(_shell.Show("$live", ("live", live)), _shell.Show("Import-BeeEvent $path", Variables));

        // Without -PassThru only the result is reported, and the file is not replaced without -Force.
        Assert.Equal("Capture.Exists,Bee.Cmdlets.Programs.InvokeProgramCommand", _shell.Error("Invoke-BeeProgram $program -Capture $path", Variables).FullyQualifiedErrorId);
        PSObject summary = Assert.Single(Objects("Invoke-BeeProgram $program -Parameter @{ target_pid = $id } -MaxEvents 3 -Duration 20 -Capture $path -Force"));
        Assert.Equal((3L, 0ul, true), ((long)summary.Properties["Events"].Value, (ulong)summary.Properties["Lost"].Value, (bool)summary.Properties["IsComplete"].Value));

        // Select-Object ends the pipeline early.
        Objects("Import-BeeEvent $path | Export-BeeEvent $other -PassThru | Select-Object -First 2");
        PSObject part = Assert.Single(Objects("Import-BeeEvent $other -Summary"));
        Assert.Equal((2L, true), ((long)part.Properties["Events"].Value, (bool)part.Properties["IsComplete"].Value));
        Assert.All(_shell.Show("Import-BeeEvent $path, $other -Summary", Variables), line => Assert.InRange(line.Length, 0, 80));
    }

    [KernelFact]
    public void Background_tool_captures_instead_of_buffering()
    {
        Objects("Start-BeeProgram $program -Name captured -Parameter @{ target_pid = $id } -Capture $path");
        _load.Do(": < /etc/hostname");

        ErrorRecord error = _shell.Error("Receive-BeeEvent captured");
        Assert.Equal("OnlyCaptured,Bee.Cmdlets.Events.ReceiveEventCommand", error.FullyQualifiedErrorId);
        Assert.Contains("Import-BeeEvent", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);

        PSObject session = Objects("$s = Get-BeeProgram captured; $s | Stop-BeeProgram; $s | Select-Object Buffered, Capture, @{ n = 'Whole'; e = { $_.Capture.IsComplete } }")[0];
        Assert.Equal(0, session.Properties["Buffered"].Value);
        Assert.Equal("True", session.Properties["Whole"].Value.ToString());
        Assert.Contains(Objects("Import-BeeEvent $path"), item => item.Properties["path"].Value is "/etc/hostname");
    }

    [KernelFact]
    public void Losses_of_the_pipelines_source_are_in_the_capture()
    {
        string flood = programs.Compile("flood", Sources.Flood);
        _load.Repeat(": < /etc/hostname");

        ShellResult captured = _shell.Run("Invoke-BeeProgram $flood -Parameter @{ target_pid = $id } -Duration 1 | Where-Object number -lt 50 | Export-BeeEvent $path", [.. Variables, ("flood", flood)]);
        ShellResult read = _shell.Run("Import-BeeEvent $path", Variables);

        ulong lost = Assert.IsType<ulong>(Assert.Single(captured.Output).Properties["Lost"].Value);
        Assert.InRange(lost, 1ul, ulong.MaxValue);
        Assert.Equal(lost, (ulong)read.Warnings.Sum(warning => long.Parse(Regex.Match(warning, "([0-9]+) of print_flood").Groups[1].Value, CultureInfo.InvariantCulture)));
        Assert.All(read.Output, item => Assert.InRange((ulong)item.Properties["number"].Value, 0ul, 49ul));
    }

    [KernelFact]
    public void Capture_of_a_killed_process_is_read_up_to_its_last_block()
    {
        string path = _folder["killed.beecap"];
        _load.Repeat(": < /etc/hostname");
        using (Process child = Child.Start($"Invoke-BeeProgram '{programs.Opensnoop}' -Parameter @{{ target_pid = {_load.Id.ToString(CultureInfo.InvariantCulture)} }} -Capture '{path}'"))
        {
            // The header has about 250 bytes.
            Wait.Until(() => File.Exists(path) && new FileInfo(path).Length > 1000);
            child.Kill();
            child.WaitForExit();
        }

        ShellResult read = _shell.Run("Import-BeeEvent $killed", ("killed", path));

        Assert.NotEmpty(read.Output);
        Assert.Empty(read.Errors);
        Assert.Contains("is cut off", Assert.Single(read.Warnings), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Capture_is_read_without_privileges_or_libbpf_and_a_full_disk_is_an_error()
    {
        string golden = BeeModule.File("tests", "fixtures", "captures", "v1", "mixed.beecap");
        string hide = "mount --make-rprivate / && mount -t tmpfs -o size=256k none /mnt && chmod 777 /mnt && mount -t tmpfs none /sys && for f in /usr/lib/*/libbpf.so.*; do mount --bind /dev/null $f; done; exec setpriv --reuid nobody --regid nogroup --clear-groups env -i HOME=/nonexistent LANG=de_DE.UTF-8 \"$@\"";

        ChildResult child = Child.Run(
            $$"""
            $WarningPreference = 'SilentlyContinue'
            (Import-BeeEvent '{{golden}}' | Where-Object MapName -EQ trace)[0].Text
            "user $([Environment]::UserName)"
            $random = [Random]::new(1)
            $bytes = [byte[]]::new(300)
            try { 1..3000 | ForEach-Object { $random.NextBytes($bytes); [Bee.Ebpf.Events.IteratorLine]::new([Convert]::ToBase64String($bytes)) } | Export-BeeEvent /mnt/full.beecap } catch { $failed = $_ }
            $failed.FullyQualifiedErrorId
            $failed.ToString() -replace '\d+', 'N'
            (Import-BeeEvent /mnt/full.beecap -WarningVariable w).Count -eq [regex]::Match($failed.ToString(), 'The (\d+) events').Groups[1].Value
            """,
            prefix: ["unshare", "-m", "sh", "-c", hide, "sh"]);

        Assert.Equal(0, child.ExitCode);
        Assert.Equal(
            ["opened 42", "user nobody", "Capture.NoSpace,Bee.Cmdlets.Events.ExportEventCommand", "The capture '/mnt/full.beecap' cannot be written: the disk is full. The N events written before can be read.", "True"],
            child.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Object_that_is_not_an_event_is_an_error_with_a_remedy()
    {
        ErrorRecord selected = _shell.Error("[Bee.Ebpf.Events.IteratorLine]::new('one') | Select-Object Line | Export-BeeEvent $path", Variables);
        ErrorRecord deserialized = _shell.Error("[Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize([Bee.Ebpf.Events.IteratorLine]::new('one'))) | Export-BeeEvent $other", Variables);

        Assert.All([selected, deserialized], error => Assert.Equal("NotAnEvent,Bee.Cmdlets.Events.ExportEventCommand", error.FullyQualifiedErrorId));
        Assert.Contains("Select-Object", selected.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Contains("the session that receives the events", deserialized.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public void Wildcards_objects_and_limits_select_events()
    {
        Objects("foreach ($n in 1, 2, 10) { [Bee.Ebpf.Events.IteratorLine]::new(\"line $n\") | Export-BeeEvent \"$folder/part.$n.beecap\" }");

        Assert.Equal(["line 1", "line 2", "line 10"], Lines("Import-BeeEvent \"$folder/part.*.beecap\""));
        Assert.Equal(["line 2"], Lines("Get-Item \"$folder/part.2.beecap\" | Import-BeeEvent"));
        Assert.Equal(["line 1", "line 2"], Lines("Import-BeeEvent \"$folder/part.*.beecap\" -MaxEvents 2"));
        Assert.Equal(["line 10"], Lines("Import-BeeEvent \"$folder/part.10.beecap\" -Summary | Import-BeeEvent"));
        Assert.Empty(Objects("Import-BeeEvent \"$folder/none*.beecap\"; [Bee.Ebpf.Events.IteratorLine]::new('x') | Export-BeeEvent \"$folder/what.beecap\" -WhatIf; Get-Item \"$folder/what*\""));
        Assert.Equal("FileNotFound,Bee.Cmdlets.Events.ImportEventCommand", _shell.Error("Import-BeeEvent \"$folder/none.beecap\"").FullyQualifiedErrorId);
    }

    [Fact]
    public void Capture_can_be_filtered_into_itself_and_is_replaced_at_the_first_event()
    {
        Objects("foreach ($n in 1, 2) { [Bee.Ebpf.Events.IteratorLine]::new(\"line $n\") | Export-BeeEvent \"$folder/same.$n.beecap\" }");

        Objects("Import-BeeEvent \"$folder/same.*.beecap\" | Export-BeeEvent \"$folder/same.beecap\" -MaxSize 1MB -Force");
        Assert.Equal(["line 1", "line 2"], Lines("Import-BeeEvent \"$folder/same.*.beecap\""));
        // The files come one by one.
        Objects("[Bee.Ebpf.Events.IteratorLine]::new('line 3') | Export-BeeEvent \"$folder/same.2.beecap\"; Get-Item \"$folder/same.*.beecap\" | Import-BeeEvent | Export-BeeEvent \"$folder/same.beecap\" -MaxSize 1MB -Force");
        Assert.Equal(["line 1", "line 2", "line 3"], Lines("Import-BeeEvent \"$folder/same.*.beecap\""));
        Objects("Import-BeeEvent \"$folder/same.1.beecap\" | Export-BeeEvent \"$folder/same.1.beecap\" -Force");
        Assert.Equal(["line 1", "line 2", "line 3"], Lines("Import-BeeEvent \"$folder/same.1.beecap\""));

        _shell.Run("1 | Export-BeeEvent \"$folder/same.1.beecap\" -Force; 1 | Export-BeeEvent $path", Variables);
        Assert.Equal(["line 1", "line 2", "line 3"], Lines("Import-BeeEvent \"$folder/same.1.beecap\""));
        Assert.False(File.Exists(_folder["a.beecap"]));

        Assert.Equal(0L, Assert.Single(Objects("@() | Export-BeeEvent $path")).Properties["Events"].Value);
        Objects("[Bee.Ebpf.Events.IteratorLine]::new('x') | Export-BeeEvent $other -PassThru | Select-Object -First 1");
        Assert.Contains($"Captured 1 event in {_folder["b.beecap"]}; lost: not counted.", _shell.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public void Losses_after_the_last_read_event_are_not_reported_and_a_summary_warns_of_a_missing_end()
    {
        Objects("""
            $w = [Bee.Telemetry.Captures.CaptureWriter]::Create([Bee.Telemetry.Captures.CaptureOptions]::new($path))
            foreach ($n in 1, 2, 3) { $w.Write([Bee.Ebpf.Events.IteratorLine]::new("line $n")); $w.WriteLost('print_ring', $n) }
            $null = $w.Complete()
            $bytes = [IO.File]::ReadAllBytes($path)
            [IO.File]::WriteAllBytes($other, $bytes[0..($bytes.Length - 2)])
            """);

        Assert.Empty(_shell.Run("Import-BeeEvent $path -MaxEvents 1", Variables).Warnings);
        Assert.Equal("Events were lost, because the ring or perf buffer was full: 1 of print_ring.", Assert.Single(_shell.Run("Import-BeeEvent $path -MaxEvents 2", Variables).Warnings));
        ShellResult summary = _shell.Run("Import-BeeEvent $other -Summary", Variables);
        Assert.Contains("the disk was full", Assert.Single(summary.Warnings), StringComparison.Ordinal);
        Assert.Equal((3L, 6ul), (summary.Output[0].Properties["Events"].Value, summary.Output[0].Properties["Lost"].Value));
    }

    private (string, object?)[] Variables => [("program", programs.Opensnoop), ("id", _load.Id), ("path", _folder["a.beecap"]), ("other", _folder["b.beecap"]), ("folder", _folder.Path)];

    private IReadOnlyList<PSObject> Objects(string script) => _shell.Objects(script, Variables);

    private IEnumerable<object?> Lines(string script) => Objects(script).Select(item => item.Properties["Line"].Value);
}

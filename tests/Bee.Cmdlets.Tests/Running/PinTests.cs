using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

[Collection("Bee")]
public sealed class PinTests(Programs programs) : IDisposable
{
    private readonly string _name = $"test-{Environment.ProcessId}-{Guid.NewGuid():N}";
    private readonly Shell _shell = new();
    private readonly Load _load = new();

    private string Folder => $"/sys/fs/bpf/bee/{_name}";

    [KernelFact]
    public void Pinned_session_outlives_its_process_and_is_stopped_by_another()
    {
        ChildResult child = InChild($"(Start-BeeProgram '{programs.Calls}' -PinPath {_name} -Parameter @{{ target_pid = {_load.Id} }}).State; Get-BeeMapEntry -Program {_name} -Name counter_calls");
        Assert.Equal((0, "Running\n"), (child.ExitCode, child.Output));
        _load.Do(": < /etc/hostname; : < /etc/hosts");

        dynamic found = Assert.Single(Objects("Get-BeeProgram -Pinned $name")).BaseObject;
        Assert.Equal(("Pinned", _name, Folder, programs.Calls), ($"{found.State}", (string)found.Name, (string)found.PinPath, (string)found.Image));
        var ids = new KernelIds([.. Strings("(Get-BeeProgram -Pinned $name).Programs.Id").Select(uint.Parse)], [.. Strings("(Get-BeeProgram -Pinned $name).Programs.LinkIds").Select(uint.Parse)]);
        Assert.Equal((1, 1), (Kernel.Alive(ids).Programs.Count, Kernel.Alive(ids).Links.Count));
        Assert.Equal(["2"], Strings("Get-BeeMapEntry -Program $name -Name counter_calls | ForEach-Object Value"));
        Assert.Equal(["1", "2"], Strings("Receive-BeeEvent $name | Where-Object number | ForEach-Object number"));
        _load.Do(": < /etc/hostname");
        Wait.Until(() => Strings("Receive-BeeEvent $name | Where-Object number | ForEach-Object number") is ["3"]);
        Assert.Equal(["Running"], Strings("Get-BeeProgram $name | ForEach-Object { \"$($_.State)\" }"));

        Assert.Equal(["Stopped"], Strings("Stop-BeeProgram $name -PassThru | ForEach-Object { \"$($_.State)\" }"));
        Kernel.AssertGone(ids);
        Assert.False(Directory.Exists(Folder));
        Assert.Empty(Objects("Get-BeeProgram -Pinned \"$name*\""));
        Assert.Empty(Objects("Get-BeeProgram"));
    }

    /// <summary>A build loads Bee.Ebpf for the isolated code first. The dependencies of Bee.Ebpf must still be found after that.</summary>
    [KernelFact]
    public void Session_is_pinned_after_a_build_and_stopping_it_leaves_no_folder()
    {
        using var folder = new TempFolder();
        string source = BeeModule.File("examples", "opensnoop", "opensnoop.bpf.c");

        // Uses its own BPF file system: in the machine's, pins of others may keep the common folder.
        ChildResult child = Child.Run(
            $"$null = Invoke-BeeBuild '{source}' -Tag x:v1 -Store '{folder["store"]}'; (Start-BeeProgram '{programs.Calls}' -PinPath {_name} -Parameter @{{ target_pid = {_load.Id} }}).State; Test-Path /sys/fs/bpf/bee; Stop-BeeProgram {_name}; Test-Path /sys/fs/bpf/bee",
            ["unshare", "-m", "sh", "-c", "mount -t bpf none /sys/fs/bpf && exec \"$@\"", "sh"]);

        Assert.Equal((0, "Running\nTrue\nFalse\n", ""), (child.ExitCode, child.Output, child.Messages));
    }

    [KernelFact]
    public void Pinned_events_have_one_reader_and_maps_have_any_number()
    {
        Objects("Start-BeeProgram $program -PinPath $name -Parameter @{ target_pid = $id }");
        _load.Do(": < /etc/hostname");

        ChildResult child = InChild($"Get-BeeMapEntry -Program {_name} -Name counter_calls | ForEach-Object Value; Receive-BeeEvent {_name} -ErrorVariable e -ErrorAction SilentlyContinue; $e.FullyQualifiedErrorId");
        Assert.Equal("1\nPin.InUse,Bee.Cmdlets.Events.ReceiveEventCommand\n", child.Output);
        Objects("Stop-BeeProgram $name");
    }

    [KernelFact]
    public void Reader_closes_the_session_when_another_process_stops_it()
    {
        Objects("Start-BeeProgram $program -PinPath $name -Parameter @{ target_pid = $id }");
        KernelIds held = Kernel.Held();

        ChildResult child = InChild($"Stop-BeeProgram {_name} -WarningAction Stop");
        Assert.Equal((0, ""), (child.ExitCode, child.Messages));
        Kernel.AssertGone(held);
        Wait.Until(() => Strings("\"$((Get-BeeProgram $name).State)\"") is ["Stopped"]);
        Objects("Stop-BeeProgram $name");
    }

    [KernelFact]
    public void Entries_of_a_pinned_session_are_set_and_removed()
    {
        Assert.Equal(0, InChild($"$null = Start-BeeProgram '{programs.Calls}' -Name {_name}-started -PinPath {_name} -Parameter @{{ target_pid = {_load.Id} }}").ExitCode);

        Objects("Set-BeeMapEntry quiet_with_a_name_longer_than_the_kernel_keeps -Program $name -Key 7 -Value 8");
        Assert.Equal(["7 8"], Strings("Get-BeeMapEntry -Program \"$name-started\" -Name quiet_* | ForEach-Object { \"$($_.Key) $($_.Value)\" }"));
        Objects("Remove-BeeMapEntry quiet_with_a_name_longer_than_the_kernel_keeps -Program $name -Key 7 -Confirm:$false");
        Assert.Empty(Objects("Get-BeeMapEntry -Program $name -Name quiet_*"));
        // Also by the name that it was started with.
        Objects("Stop-BeeProgram \"$name-started\"");
        Assert.False(Directory.Exists(Folder));
    }

    [KernelFact]
    public void Closing_the_runspace_keeps_a_pinned_session()
    {
        using (var shell = new Shell())
        {
            shell.Objects("Start-BeeProgram $program -PinPath $name -Parameter @{ target_pid = $id }", ("program", programs.Calls), ("name", _name), ("id", _load.Id));
        }

        _load.Do(": < /etc/hostname");
        Assert.Equal(["Pinned 1"], Strings("Get-BeeProgram -Pinned $name | ForEach-Object { \"$($_.State) $(Get-BeeMapEntry -Session $_ -Name counter_calls | ForEach-Object Value)\" }"));
        Objects("Get-BeeProgram -Pinned $name | Stop-BeeProgram");
        Assert.False(Directory.Exists(Folder));
    }

    [KernelTheory]
    [InlineData("/tmp/pins", "Pin.NotOnBpffs")]
    [InlineData("with.point", "Pin.BadPath")]
    [InlineData("/sys/fs/bpf/no/such", "Pin.NotFound")]
    [InlineData("/sys/fs/bpf", "Pin.NotOnBpffs")]
    public void Invalid_pin_path_is_an_error_before_anything_is_loaded(string path, string id)
    {
        ErrorRecord error = _shell.Error("Start-BeeProgram $program -PinPath $path", ("program", programs.Calls), ("path", path));

        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId);
        Assert.NotEmpty(error.ErrorDetails.RecommendedAction);
    }

    [KernelFact]
    public void Existing_pin_is_kept()
    {
        Objects("Start-BeeProgram $program -PinPath $name -Parameter @{ target_pid = $id }");
        Assert.StartsWith("Pin.Exists,", Error("Start-BeeProgram $program -PinPath $name").FullyQualifiedErrorId);
        Assert.StartsWith("PinPathWithoutEnd,", Error("Start-BeeProgram $program -PinPath other -Duration 1").FullyQualifiedErrorId);
        Assert.Equal(["Running"], Strings("Get-BeeProgram -Pinned $name | ForEach-Object { \"$($_.State)\" }"));
        Objects("Stop-BeeProgram $name");
    }

    [KernelFact]
    public void Missing_BPF_file_system_error_has_the_mount_command()
    {
        ChildResult child = InChild($"Start-BeeProgram '{programs.Calls}' -PinPath {_name} -ErrorVariable e -ErrorAction SilentlyContinue; $e.FullyQualifiedErrorId; $e.ErrorDetails.RecommendedAction",
            ["unshare", "-m", "sh", "-c", "umount /sys/fs/bpf; exec \"$@\"", "sh"]);

        Assert.Equal("Pin.NotOnBpffs,Bee.Cmdlets.Programs.StartProgramCommand\nAs root: mount -t bpf bpf /sys/fs/bpf\n", child.Output);
    }

    [KernelFact]
    public void Foreign_folder_is_listed_as_unknown_and_kept()
    {
        Directory.CreateDirectory(Folder + "/something");
        Assert.Equal(["Unknown"], Strings("Get-BeeProgram -Pinned $name | ForEach-Object { \"$($_.State)\" }"));
        Assert.Equal(["True"], Strings("$null -ne (Get-BeeProgram -Pinned $name).Error"));
        Assert.StartsWith("Pin.Foreign,", Error("Get-BeeProgram -Pinned $name | Stop-BeeProgram").FullyQualifiedErrorId);
        Assert.StartsWith("Pin.Foreign,", Error("Get-BeeProgram -Pinned $name | Receive-BeeEvent").FullyQualifiedErrorId);
        // Also by its name, and names after it are still processed.
        foreach (string command in new[] { "Stop-BeeProgram", "Receive-BeeEvent", "Get-BeeProgram", "Get-BeeMap -Program", "Set-BeeMapEntry numbers -Key 1 -Value 1 -Program" })
        {
            ShellResult result = _shell.Run($"{command} $name, nosuch; 'after'", ("name", _name));
            Assert.StartsWith("Pin.Foreign,", result.Errors[0].FullyQualifiedErrorId);
            Assert.Equal(["ProgramNotFound"], result.Errors.Skip(1).Take(1).Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
            Assert.Equal(["after"], result.Output.Select(text => $"{text}"));
        }

        Assert.True(Directory.Exists(Folder + "/something"));
    }

    [KernelFact]
    public void Unprivileged_user_gets_a_permission_error()
    {
        Objects("Start-BeeProgram $program -PinPath $name -Parameter @{ target_pid = $id }");
        ChildResult child = InChild("Get-BeeProgram -Pinned -ErrorVariable e -ErrorAction SilentlyContinue; $e.FullyQualifiedErrorId", ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        Assert.Equal("Pin.NoPermission,Bee.Cmdlets.Programs.GetProgramCommand\n", child.Output);
        Objects("Stop-BeeProgram $name");
    }

    [KernelFact]
    public void Names_of_pinned_sessions_are_completed()
    {
        ChildResult child = InChild($"$null = Start-BeeProgram '{programs.Calls}' -PinPath {_name} -Parameter @{{ target_pid = {_load.Id} }}");
        Assert.Equal(0, child.ExitCode);
        foreach (string line in new[] { "Stop-BeeProgram ", "Get-BeeProgram -Pinned -Name ", "Get-BeeProgram -Pinned -PinPath ", "Receive-BeeEvent " })
        {
            Assert.Equal([_name], Strings($"[System.Management.Automation.CommandCompletion]::CompleteInput('{line}{_name[..^4]}', {line.Length + _name.Length - 4}, $null).CompletionMatches.CompletionText"));
        }

        Objects("Stop-BeeProgram $name");
    }

    private static ChildResult InChild(string script, string[]? prefix = null) => Child.Run(script, prefix);

    private IReadOnlyList<PSObject> Objects(string script) => _shell.Objects(script, ("program", programs.Calls), ("id", _load.Id), ("name", _name));

    private ErrorRecord Error(string script) => _shell.Error(script, ("program", programs.Calls), ("id", _load.Id), ("name", _name));

    private string[] Strings(string script) => [.. Objects(script).Select(item => $"{item}")];

    public void Dispose()
    {
        _load.Dispose();
        _shell.Dispose();
        if (Directory.Exists(Folder))
        {
            // Only a failed test leaves pins. Directory.Delete fails on pins, which are not regular files.
            System.Diagnostics.Process.Start("rm", ["-r", Folder]).WaitForExit();
        }
    }
}

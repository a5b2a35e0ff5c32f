using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

[Collection("Bee")]
public sealed class BackgroundTests(Programs programs) : IDisposable
{
    private readonly Shell _shell = new();
    private readonly Load _load = new();

    [KernelFact]
    public void Background_session_is_listed_received_read_and_stopped()
    {
        dynamic session = Assert.Single(Objects("Start-BeeProgram $program -Name first -Parameter @{ target_pid = $id }")).BaseObject;
        Assert.Equal("Running", $"{session.State}");
        KernelIds held = Kernel.Held();
        _load.Do(": < /etc/hostname; : < /etc/hosts");
        Wait.Until(() => Objects("(Get-BeeProgram first).Events")[0].BaseObject is long and >= 3);

        Assert.Equal(["first"], Strings("Get-BeeProgram | ForEach-Object Name"));
        Assert.Contains("counter_calls", Strings("Get-BeeMap -Program first | ForEach-Object Name"));
        Assert.Equal(["2"], Strings("Get-BeeMapEntry -Program first -Name counter_calls | ForEach-Object Value"));
        Assert.Equal(["1", "2"], Strings("Receive-BeeEvent first | Where-Object number | ForEach-Object number"));
        Assert.Empty(Strings("Receive-BeeEvent first | Where-Object number"));

        Assert.Equal(["Stopped"], Strings("Stop-BeeProgram first -PassThru | ForEach-Object { \"$($_.State)\" }"));
        Assert.Empty(Objects("Get-BeeProgram"));
        Kernel.AssertGone(held);
    }

    [KernelFact]
    public void Wait_returns_after_MaxEvents()
    {
        Objects("Start-BeeProgram $program -Name followed -Parameter @{ target_pid = $id } -Map print_*");
        _load.Repeat(": < /etc/hostname");

        Assert.Equal(5, Objects("Receive-BeeEvent followed -Wait -MaxEvents 5").Count);
        Objects("Stop-BeeProgram followed");
    }

    [KernelFact]
    public void Wait_stops_at_Ctrl_C()
    {
        Objects("Start-BeeProgram $program -Name idle -Parameter @{ target_pid = $id } -Map print_*");
        using PowerShell pipeline = _shell.Pipeline("Receive-BeeEvent idle -Wait");
        pipeline.BeginInvoke();
        Thread.Sleep(300);

        Assert.True(Task.Run(pipeline.Stop).Wait(Wait.Limit));
        Assert.Equal(["Running"], Strings("Get-BeeProgram idle | ForEach-Object { \"$($_.State)\" }"));
        Objects("Stop-BeeProgram idle");
    }

    [KernelFact]
    public void Events_that_a_full_buffer_drops_are_counted()
    {
        Objects("Start-BeeProgram $program -Name small -Parameter @{ target_pid = $id } -Map print_* -BufferSize 3");
        _load.Do("i=0; while [ $i -lt 10 ]; do : < /etc/hostname; i=$((i + 1)); done");
        Wait.Until(() => Strings("(Get-BeeProgram small).Dropped") is ["7"]);

        Assert.Equal(["8", "9", "10"], Strings("Receive-BeeEvent small | ForEach-Object number"));
        Objects("Stop-BeeProgram small");
    }

    [KernelFact]
    public void Duration_completes_a_background_session()
    {
        Objects("Start-BeeProgram $program -Name brief -Parameter @{ target_pid = $id } -Map print_* -Duration 200ms");
        KernelIds held = Kernel.Held();

        Wait.Until(() => Strings("\"$((Get-BeeProgram brief).State)\"") is ["Completed"]);
        if (held.Programs.Count > 0)
        {
            Kernel.AssertGone(held);
        }

        Objects("Stop-BeeProgram brief");
    }

    [Fact]
    public void Unknown_session_name_is_an_error()
    {
        ErrorRecord error = _shell.Error("Stop-BeeProgram nothing");

        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
        Assert.Empty(Objects("Get-BeeProgram no*"));
    }

    private IReadOnlyList<PSObject> Objects(string script) => _shell.Objects(script, ("program", programs.Calls), ("id", _load.Id));

    private string[] Strings(string script) => [.. Objects(script).Select(item => $"{item}")];

    public void Dispose()
    {
        _load.Dispose();
        _shell.Dispose();
    }
}

using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

[Collection("Bee")]
public sealed class OptionTests(Programs programs) : IDisposable
{
    private readonly Shell _shell = new();
    private readonly Load _load = new();

    [KernelTheory]
    [InlineData("0.2")]
    [InlineData("'200ms'")]
    [InlineData("'0.2s'")]
    [InlineData("'00:00:00.2'")]
    [InlineData("([TimeSpan]::FromMilliseconds(200))")]
    public void Duration_is_seconds_or_text_or_a_time_span(string duration)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Empty(Run($"Invoke-BeeProgram $program -Parameter @{{ target_pid = $id }} -Map print_* -Duration {duration}").Errors);

        Assert.True(watch.Elapsed.TotalSeconds >= 0.2);
    }

    [KernelFact]
    public void Timeout_on_a_run_is_its_duration()
    {
        Assert.Empty(Run("Invoke-BeeProgram $program -Parameter @{ target_pid = $id } -Map print_* -Timeout 200ms").Errors);
        Assert.Empty(Run("Start-BeeProgram $program -Name timed -Parameter @{ target_pid = $id } -Timeout 200ms").Errors);
        Wait.Until(() => $"{Run("(Get-BeeProgram timed).State").Output[0]}" != "Running");
        Assert.Empty(Run("Stop-BeeProgram timed").Errors);
    }

    [KernelFact]
    public void Parameters_are_the_second_argument_and_Count_ends_a_run()
    {
        _load.Do(": < /etc/hostname; : < /etc/hostname");
        ShellResult result = Run("$job = Start-BeeProgram $program @{ target_pid = $id } -Name counted -Map print_* -Count 2");
        Assert.Empty(result.Errors);
        _load.Do(": < /etc/hostname; : < /etc/hostname; : < /etc/hostname");

        Assert.Equal(2, Run("Receive-BeeEvent counted -Wait").Output.Count);
        Assert.Empty(Run("Stop-BeeProgram counted").Errors);
    }

    // The prefix must not mean the run's duration to one reader and the registry's timeout to another.
    [Fact]
    public void Timeout_prefix_on_a_run_is_ambiguous()
    {
        Assert.StartsWith("AmbiguousParameter", Assert.Single(Run("Invoke-BeeProgram $program -Timeo 1").Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("soon", "'soon' is not a duration. Give seconds")]
    [InlineData("-1", "A duration cannot be negative")]
    [InlineData("1,5", "A duration is a single value, but 2 were given.")]
    [InlineData("@{}", "is not a duration")]
    public void Invalid_duration_is_an_error_before_anything_runs(string duration, string message)
    {
        ErrorRecord error = Assert.Single(Run($"Invoke-BeeProgram $program -Duration {duration}").Errors);

        Assert.StartsWith("ParameterArgumentTransformationError", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    [KernelFact]
    public void ProcessId_without_effect_is_a_warning()
    {
        ShellResult result = Run("Invoke-BeeProgram $program -Parameter @{ target_pid = $id } -ProcessId $id -Duration 0.05");

        Assert.Contains(result.Warnings, warning => warning.Contains("has no effect", StringComparison.Ordinal) && warning.Contains("target_pid", StringComparison.Ordinal));
    }

    [KernelFact]
    public void Losses_are_warned_of_once()
    {
        Assert.Empty(Run("Start-BeeProgram $program -Name told -Parameter @{ target_pid = $id } -Map print_* -BufferSize 3").Errors);
        _load.Do("i=0; while [ $i -lt 10 ]; do : < /etc/hostname; i=$((i + 1)); done");
        Wait.Until(() => $"{Run("(Get-BeeProgram told).Dropped").Output[0]}" == "7");

        Assert.Contains("7 events", Assert.Single(Run("Receive-BeeEvent told").Warnings), StringComparison.Ordinal);
        Assert.Empty(Run("Receive-BeeEvent told; Stop-BeeProgram told").Warnings);
    }

    [KernelFact]
    public void Removing_the_module_stops_what_the_session_started()
    {
        using var shell = new Shell();
        Assert.Empty(shell.Run("Start-BeeProgram $program -Parameter @{ target_pid = $id }", Variables).Errors);
        KernelIds held = Kernel.Held();

        shell.Run("Remove-Module Bee");

        Kernel.AssertGone(held);
    }

    private (string, object?)[] Variables => [("program", programs.Calls), ("id", _load.Id)];

    private ShellResult Run(string script) => _shell.Run(script, Variables);

    public void Dispose()
    {
        _load.Dispose();
        _shell.Dispose();
    }
}

using System.Diagnostics;
using Bee.Cmdlets.Tests;
using Bee.Terminal.Tests.Support;

namespace Bee.Terminal.Tests.Views;

/// <summary>Runs the cmdlets in a real terminal, and checks their requirements and cleanup.</summary>
public sealed class TerminalTests(FirehoseObject firehose) : IClassFixture<FirehoseObject>
{
    [TerminalTheory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public void A_signal_that_ends_the_process_restores_the_terminal_and_detaches(string signal)
    {
        using var session = ViewSession.ShowFirehose(firehose, 80, 24, 100);
        KernelIds held = Kernel.Held(session.ProcessId);
        using (var kill = Process.Start("kill", [$"-{signal}", session.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            kill.WaitForExit();
        }

        session.AssertRestored(held);
    }

    [TerminalFact]
    public void A_new_size_is_followed_and_hostile_names_and_colors_stay_out()
    {
        using var session = ViewSession.ShowFirehose(firehose, 80, 24, 100, @"\033[31m\342\200\256x\a", "NO_COLOR=1");
        string shown = session.Screen.Text;
        Assert.DoesNotContain('\u202e', shown);
        Assert.Contains("\u241b[31m\ufffdx", shown, StringComparison.Ordinal);
        session.Screen.Resize(120, 40);
        session.Screen.WaitFor(() => session.Screen.Lines.Length >= 40 && session.Screen.Lines[38].Contains("rows", StringComparison.Ordinal), "40 lines");
        session.Screen.Resize(60, 15);
        session.Screen.WaitFor(() => session.Screen.Lines[13].Contains("rows", StringComparison.Ordinal), "15 lines");
        session.Screen.Press("q");
        session.AssertRestored();
    }

    [TerminalFact]
    public void Show_BeeEvent_shows_an_endless_stream_ends_it_and_returns_marked_objects()
    {
        using var session = new ViewSession(80, 24,
            $"Invoke-BeeProgram '{firehose.Path}' -Map print_* -Parameter @{{ target_pid = $load; burst = 1 }} | Show-BeeEvent -PassThru | ForEach-Object {{ \"marked $($_.comm)\" }}");
        session.Screen.WaitFor("/var/lib/bee");
        KernelIds held = Kernel.Held(session.ProcessId);
        session.Screen.Press("k", "m", "q");
        session.AssertRestored(held);
        Assert.Contains("marked sh", session.Screen.Text, StringComparison.Ordinal);
    }

    [TerminalFact]
    public void Show_BeeEvent_ends_a_waiting_stream_and_the_script_continues()
    {
        using var session = new ViewSession(80, 24, "$null = Get-Item / | Show-BeeEvent -Title first\n'between'\n& { 'row'; Start-Sleep 600 } | Show-BeeEvent -Title second\n");
        session.Screen.WaitFor("first");
        session.Screen.WaitFor("ENDED");
        session.Screen.Press("q");
        session.Screen.WaitFor("second");
        session.Screen.WaitFor("row");
        session.Screen.Press("q");
        session.AssertRestored();
        Assert.Contains("between", session.Screen.Text, StringComparison.Ordinal);
    }

    [TerminalFact]
    public void A_background_program_is_shown_and_its_events_stay_for_Receive_BeeEvent()
    {
        using var session = new ViewSession(80, 24, $$"""
            $session = Start-BeeProgram '{{firehose.Path}}' -Map print_* -Parameter @{ target_pid = $load; burst = 1 }
            $session | Show-BeeProgram
            $session | Stop-BeeProgram
            $first = $session | Receive-BeeEvent | Select-Object -First 1
            "first $($first.seq)"
            """);
        session.Screen.WaitFor("/var/lib/bee");
        session.Screen.WaitFor("dropped 0");
        session.Screen.Press("q");
        session.AssertRestored();
        Assert.Contains("first 1", session.Screen.Text, StringComparison.Ordinal);
    }

    [TerminalFact]
    public void Without_a_good_terminal_there_are_plain_tables_and_a_warning()
    {
        using var session = new ViewSession(80, 24, $"Show-BeeProgram '{firehose.Path}' -Map print_* -MaxEvents 2 -Parameter @{{ target_pid = $load; burst = 1 }}", null, "TERM=dumb");
        session.AssertRestored();
        string text = string.Join(' ', session.Screen.Lines.Select(line => line.Trim()));
        Assert.Contains("TERM is dumb", text, StringComparison.Ordinal);
        Assert.Contains("latency", text, StringComparison.Ordinal);
        Assert.Contains("/var/lib/bee", text, StringComparison.Ordinal);
    }

    [TerminalFact]
    public void Redirected_output_gets_plain_tables_and_a_warning()
    {
        using var load = new FirehoseLoad();
        var start = new ProcessStartInfo(BeeModule.PowerShell, ["-NoProfile", "-NonInteractive", "-Command",
            $"Import-Module '{BeeModule.Path}'; Show-BeeProgram '{firehose.Path}' -Map print_* -MaxEvents 2 -Parameter @{{ target_pid = {load.Id}; burst = 1 }}; 1..2 | Show-BeeEvent"])
        { RedirectStandardOutput = true };
        start.Environment.Remove("PSModulePath");
        using var process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(2, output.Split("standard output is not a terminal").Length - 1);
        Assert.Contains("/var/lib/bee", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\e[?1049h", output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^1\r?\n2", output);
    }
}

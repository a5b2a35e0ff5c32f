using System.Globalization;
using Bee.Cmdlets.Tests;

namespace Bee.Terminal.Tests.Support;

/// <summary>Runs PowerShell in its own terminal, and compares the terminal's settings before and after.</summary>
internal sealed class ViewSession : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FirehoseLoad _load;
    private int _process;

    /// <param name="width">The terminal's width.</param>
    /// <param name="height">The terminal's height.</param>
    /// <param name="script">The script. $load is the process that causes events.</param>
    /// <param name="comm">The name of that process.</param>
    /// <param name="environment">Settings such as NO_COLOR=1.</param>
    public ViewSession(int width, int height, string script, string? comm = null, params string[] environment)
    {
        _load = new FirehoseLoad(comm);
        Screen = new Tmux(width, height);
        _folder.Write("view.ps1", $"Import-Module '{BeeModule.Path}'\nSet-Content '{_folder["pid"]}' $PID\n$load = {_load.Id}\n{script}\n");
        Screen.Type($"stty -a > {_folder["before"]}; env {string.Join(' ', environment)} {BeeModule.PowerShell} -NoProfile -File {_folder["view.ps1"]}; stty -a > {_folder["after"]}; echo ov''er");
        Screen.Press("Enter");
    }

    public Tmux Screen { get; }

    /// <summary>The id of the PowerShell process.</summary>
    public int ProcessId => _process != 0 ? _process : _process = int.Parse(File.ReadAllText(_folder["pid"]), CultureInfo.InvariantCulture);

    /// <summary>Shows the firehose and waits for events.</summary>
    public static ViewSession ShowFirehose(FirehoseObject firehose, int width, int height, int burst = 1000, string? comm = null, params string[] environment)
    {
        var session = new ViewSession(width, height, $"Show-BeeProgram '{firehose.Path}' -Parameter @{{ target_pid = $load; burst = {burst} }}", comm, environment);
        try
        {
            session.Screen.WaitFor("3 hist_latency_ns");
            session.Screen.Press("4");
            session.Screen.WaitFor(() => session.Screen.ActiveTab == 4 && session.Screen.Text.Contains("10,000 rows", StringComparison.Ordinal), "events");
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Waits until the shell controls the terminal again, and compares its settings with those before.</summary>
    public void AssertRestored(KernelIds? held = null)
    {
        Screen.WaitFor(() => File.Exists(_folder["after"]) && Screen.Text.Contains("over", StringComparison.Ordinal), "the shell");
        Assert.Equal(Settings("before"), Settings("after"));
        if (held is not null)
        {
            Kernel.AssertGone(held);
        }
    }

    // Without the size, which a test may change.
    private string Settings(string file) => System.Text.RegularExpressions.Regex.Replace(File.ReadAllText(_folder[file]), @"rows \d+; columns \d+;", "");

    public void Dispose()
    {
        Screen.Dispose();
        _load.Dispose();
        _folder.Dispose();
    }
}

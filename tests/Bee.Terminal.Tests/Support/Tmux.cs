using System.Diagnostics;
using System.Globalization;

namespace Bee.Terminal.Tests.Support;

/// <summary>A terminal for a test: a tmux server with one window that runs a shell.</summary>
internal sealed class Tmux : IDisposable
{
    private static int s_number;

    private readonly string _socket = string.Create(CultureInfo.InvariantCulture, $"beelive-{Environment.ProcessId}-{Interlocked.Increment(ref s_number)}");

    public Tmux(int width, int height)
    {
        Run([
            "-f", "/dev/null", "new-session", "-d", "-s", "a", "-x", width.ToString(CultureInfo.InvariantCulture), "-y", height.ToString(CultureInfo.InvariantCulture), "-e", "HISTFILE=",
            "bash --norc --noprofile"]);
        Type("PS1='rea''dy> '; clear");
        Press("Enter");
        try
        {
            WaitFor("ready>");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Why tmux cannot be used here; null if it can.</summary>
    public static string? Obstacle { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "tmux"))) ? null : "needs tmux";

    public string Text => Run(["capture-pane", "-p", "-t", "a"]);

    public string[] Lines => Text.Split('\n');

    /// <summary>The number of the tab that is shown reversed; 0 if none is.</summary>
    public int ActiveTab => System.Text.RegularExpressions.Regex.Match(Run(["capture-pane", "-e", "-p", "-t", "a"]).Split('\n')[1], @"\e\[(?:\d+;)*7m (\d) ") is { Success: true } found
        ? int.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    /// <summary>The line of the row that is shown reversed, below the headings; negative if none is.</summary>
    public int SelectedLine => Array.FindIndex(Run(["capture-pane", "-e", "-p", "-t", "a"]).Split('\n')[..^3], 3, line => System.Text.RegularExpressions.Regex.IsMatch(line, @"\e\[(?:\d+;)*7[;m]"));

    /// <summary>Presses keys, by tmux's names.</summary>
    public void Press(params string[] keys) => Run(["send-keys", "-t", "a", .. keys]);

    /// <summary>Types text literally.</summary>
    public void Type(string text) => Run(["send-keys", "-t", "a", "-l", text]);

    public void Resize(int width, int height) => Run(["resize-window", "-t", "a", "-x", width.ToString(CultureInfo.InvariantCulture), "-y", height.ToString(CultureInfo.InvariantCulture)]);

    /// <summary>Writes text to the screen, unnoticed by the view.</summary>
    public void Scribble(string text) => File.WriteAllText(Run(["display-message", "-p", "-t", "a", "#{pane_tty}"]).Trim(), text);

    /// <summary>Waits until the screen has a text.</summary>
    public void WaitFor(string text) => WaitFor(() => Text.Contains(text, StringComparison.Ordinal), $"'{text}'");

    /// <summary>Waits until the screen no longer has a text.</summary>
    public void WaitForEndOf(string text) => WaitFor(() => !Text.Contains(text, StringComparison.Ordinal), $"no '{text}'");

    /// <summary>Waits for a condition of the screen.</summary>
    public void WaitFor(Func<bool> condition, string what) => Wait.Until(condition, () => $"The screen never had {what}:\n{Text}");

    public void Dispose()
    {
        using var server = Process.Start(Command(["kill-server"]))!;
        server.WaitForExit();
        // tmux does not delete its socket.
        File.Delete(Path.Combine(Environment.GetEnvironmentVariable("TMUX_TMPDIR") ?? "/tmp", "tmux-0", _socket));
    }

    private string Run(string[] arguments)
    {
        using var process = Process.Start(Command(arguments))!;
        Task<string> messages = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"tmux {string.Join(' ', arguments)}: {messages.Result}");
    }

    private ProcessStartInfo Command(string[] arguments)
    {
        var start = new ProcessStartInfo("tmux", ["-L", _socket, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("TMUX");
        start.Environment.Remove("NO_COLOR");
        start.Environment.Remove("PSModulePath");
        return start;
    }
}

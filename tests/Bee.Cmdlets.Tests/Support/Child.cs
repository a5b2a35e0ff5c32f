using System.Diagnostics;

namespace Bee.Cmdlets.Tests;

/// <summary>The output and exit code of a child process.</summary>
internal sealed record ChildResult(int ExitCode, string Output, string Messages);

/// <summary>Runs a script in its own PowerShell process, for actions that must not happen in the tests' process.</summary>
internal static class Child
{
    /// <summary>
    /// Runs a script with the module imported. A prefix such as setpriv or unshare precedes PowerShell; a second script runs before the import.
    /// </summary>
    public static ChildResult Run(string script, string[]? prefix = null, IReadOnlyDictionary<string, string?>? environment = null, string before = "")
    {
        ProcessStartInfo start = Command(script, prefix, before);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        using Process child = Process.Start(start)!;
        child.StandardInput.Close();
        Task<string> messages = child.StandardError.ReadToEndAsync();
        Task<string> output = child.StandardOutput.ReadToEndAsync();
        if (!child.WaitForExit(TimeSpan.FromSeconds(60)))
        {
            child.Kill(entireProcessTree: true);
            throw new TimeoutException($"The child did not end: {script}");
        }

        return new ChildResult(child.ExitCode, output.Result, messages.Result);
    }

    /// <summary>Starts a script with the module imported, and does not wait. The process is the session itself, so it can be signaled and killed.</summary>
    public static Process Start(string script) => Process.Start(Command(script, null, ""))!;

    private static ProcessStartInfo Command(string script, string[]? prefix, string before)
    {
        string[] command = [.. prefix ?? [], BeeModule.PowerShell, "-NoProfile", "-NonInteractive", "-Command", $"{before}\nImport-Module '{BeeModule.Path}'\n{script}"];
        var start = new ProcessStartInfo(command[0], command[1..]);
        // A runspace of this process has set the variable to the folders of its own engine.
        start.Environment.Remove("PSModulePath");
        return start;
    }
}

using System.Diagnostics;

namespace Bee.Cmdlets.Tests;

/// <summary>What a child process said and how it ended.</summary>
internal sealed record ChildResult(int ExitCode, string Output, string Messages);

/// <summary>Runs a script in an engine host of its own, for what must not happen in the tests' process.</summary>
internal static class Child
{
    /// <summary>
    /// Runs a script with the module imported; a prefix such as setpriv or unshare goes before the host, a second script before the import.
    /// </summary>
    public static ChildResult Run(string script, string[]? prefix = null, IReadOnlyDictionary<string, string?>? environment = null, string before = "")
    {
        string[] command = [.. prefix ?? [], BeeModule.EngineHost, "-c", $"{before}\nImport-Module '{BeeModule.Path}'\n{script}"];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
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
            throw new TimeoutException($"The child did not end: {string.Join(' ', command)}");
        }

        return new ChildResult(child.ExitCode, output.Result, messages.Result);
    }
}

using System.ComponentModel;
using System.Diagnostics;

namespace Bee.Packages;

/// <summary>The exit code and the output of a child process.</summary>
internal sealed record ChildResult(int ExitCode, string Output, string Messages)
{
    /// <summary>The line that most likely has the error.</summary>
    public string LastWords
    {
        get
        {
            string[] lines = (Messages + "\n" + Output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            return lines.FirstOrDefault(line => line.StartsWith("E: ", StringComparison.Ordinal)) ?? lines.LastOrDefault() ?? $"exit code {ExitCode}";
        }
    }
}

/// <summary>Runs a program to its end.</summary>
internal static class Child
{
    /// <summary>Runs a program. Returns the exit code 127 if it does not exist, and 124 after a timeout.</summary>
    public static ChildResult Run(string command, IEnumerable<string> arguments, TimeSpan limit, string? folder = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(command, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        Process? started;
        try
        {
            started = Process.Start(start);
        }
        catch (Win32Exception exception)
        {
            return new ChildResult(127, "", $"{command}: {exception.Message}");
        }

        using Process child = started!;
        child.StandardInput.Close();
        Task<string> messages = child.StandardError.ReadToEndAsync();
        Task<string> output = child.StandardOutput.ReadToEndAsync();
        if (!child.WaitForExit(limit))
        {
            child.Kill(entireProcessTree: true);
            return new ChildResult(124, "", $"{command} did not end within {limit.TotalSeconds:n0} seconds");
        }

        return new ChildResult(child.ExitCode, output.Result, messages.Result);
    }
}

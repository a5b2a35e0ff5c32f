using System.ComponentModel;
using System.Diagnostics;

namespace Bee.Toolchain.Tools;

/// <summary>One run of another program.</summary>
internal sealed record ToolProcess(int ExitCode, string Output, string Error)
{
    /// <summary>Runs it to its end.</summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Its arguments, passed as they are: no shell reads them.</param>
    /// <param name="folder">Its working directory; null keeps this process's.</param>
    /// <param name="cancellationToken">Kills it, with its children.</param>
    /// <exception cref="Win32Exception">It cannot be started.</exception>
    /// <exception cref="OperationCanceledException">It was killed.</exception>
    internal static ToolProcess Run(string path, IEnumerable<string> arguments, string? folder, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var start = new ProcessStartInfo(path, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder ?? "",
        };
        // Messages are parsed, so they must be English.
        start.Environment["LC_ALL"] = "C";
        if (folder is not null)
        {
            // clang takes the name of its folder from here, and a link's name would escape the path mapping.
            start.Environment["PWD"] = folder;
        }

        using var process = Process.Start(start)!;
        using var _ = cancellationToken.Register(() => Kill(process));
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        process.WaitForExit();
        var run = new ToolProcess(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
        cancellationToken.ThrowIfCancellationRequested();
        return run;
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended first.
        }
    }
}

using System.ComponentModel;
using System.Diagnostics;

namespace Bee.Toolchain.Tools;

/// <summary>The result of running a program.</summary>
internal sealed record ToolProcess(int ExitCode, string Output, string Error)
{
    /// <summary>Runs a program to its end.</summary>
    /// <param name="path">The path of the program.</param>
    /// <param name="arguments">The arguments, passed without a shell.</param>
    /// <param name="folder">The working directory; null for this process's.</param>
    /// <param name="cancellationToken">Kills the program and its children.</param>
    /// <exception cref="Win32Exception">The program cannot be started.</exception>
    /// <exception cref="OperationCanceledException">The program was killed.</exception>
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
            // clang reads the name of its folder from PWD, and a symbolic link there would bypass the path mapping.
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
            // The process has already exited.
        }
    }
}

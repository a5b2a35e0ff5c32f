using System.Diagnostics;

namespace Bee.Tests;

/// <summary>
/// Writes scripts for tests to start, in another process. The kernel does not start a file that is open for writing (ETXTBSY), and a child that any
/// thread of this process forks inherits all fds until it calls exec.
/// </summary>
internal static class Executable
{
    /// <summary>Writes an executable file.</summary>
    /// <param name="path">The path.</param>
    /// <param name="text">Its content.</param>
    /// <returns>The path.</returns>
    public static string Write(string path, string text)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "cat > \"$1\" && chmod 755 \"$1\"", "sh", path]) { RedirectStandardInput = true })!;
        process.StandardInput.Write(text);
        process.StandardInput.Close();
        process.WaitForExit();
        return process.ExitCode == 0 ? path : throw new IOException($"'{path}' cannot be written.");
    }
}

using System.Diagnostics;

namespace Bee.Tests;

/// <summary>
/// Scripts that tests start. Another process writes them: the kernel refuses to start a file that is open for writing (ETXTBSY), and a child that any
/// thread of this process forks has all its fds until it calls exec.
/// </summary>
internal static class Executable
{
    /// <summary>Writes an executable file.</summary>
    /// <param name="path">Where.</param>
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

using System.Globalization;
using System.Runtime.InteropServices;
using Bee.Posix;

namespace Bee.Terminal.Devices;

/// <summary>Stops this process as Ctrl+Z does, until the shell continues it.</summary>
internal static class JobControl
{
    // The kernel may deliver the stop to another thread, so this one waits for it.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <summary>Stops the process group and returns when it continues. Returns at once if no shell can continue it.</summary>
    public static void Stop()
    {
        int group = Libc.getpgid(0);
        if (OperatingSystem.IsWindows() || !HasShell(group))
        {
            return;
        }

        using var continued = new ManualResetEventSlim();
        using (PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => continued.Set()))
        {
            // Not SIGTSTP, which this process handles.
            if (Libc.kill(0, Libc.SIGSTOP) == 0)
            {
                // The first wait may have timed out when the process continues, because the clock runs while it is stopped.
                _ = continued.Wait(s_patience) || continued.Wait(s_patience);
            }
        }
    }

    // An orphaned process group (setpgid(2)), whose ancestors in the session all belong to it, has no shell that could continue it.
    private static bool HasShell(int group)
    {
        int session = Libc.getsid(0);
        for (int process = Libc.getppid(); process > 1 && Libc.getsid(process) == session; process = ParentOf(process))
        {
            if (Libc.getpgid(process) != group)
            {
                return true;
            }
        }

        return false;
    }

    // Reads the fourth field of /proc/PID/stat. The second is the name in parentheses, which may contain any character.
    private static int ParentOf(int process)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}

using System.Globalization;
using System.Runtime.InteropServices;
using Bee.Posix;

namespace Bee.Terminal.Devices;

/// <summary>Stops this process as Ctrl+Z does, for the shell to continue.</summary>
internal static class JobControl
{
    // How long to wait for a stop that the kernel has delivered to another thread.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <summary>Stops the process group and returns when it continues; returns at once if no shell would continue it.</summary>
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
            // Not SIGTSTP, which handlers of this process take.
            if (Libc.kill(0, Libc.SIGSTOP) == 0)
            {
                // The first wait can be over when the process continues: the clock goes on while it is stopped.
                _ = continued.Wait(s_patience) || continued.Wait(s_patience);
            }
        }
    }

    // No shell continues an orphaned process group (setpgid(2)): one whose ancestors in the session all belong to it.
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

    // The fourth field of /proc/PID/stat; the second is the name in parentheses, which may hold any character.
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

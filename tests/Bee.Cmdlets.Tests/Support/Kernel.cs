using System.Runtime.InteropServices;

namespace Bee.Cmdlets.Tests;

/// <summary>The programs and links that this process holds in the kernel. Objects of other processes on the machine are ignored.</summary>
internal static partial class Kernel
{
    private const int ProgramById = 13;
    private const int LinkById = 30;

    /// <summary>Whether the user is root, who alone can load programs.</summary>
    public static bool IsRoot => Environment.IsPrivilegedProcess;

    /// <summary>Returns the ids of the programs and links of which this process, or another, has an fd open.</summary>
    public static KernelIds Held(int? process = null) => new(Ids("prog_id:", process), Ids("link_id:", process));

    /// <summary>Returns those of some ids that still exist in the kernel.</summary>
    public static KernelIds Alive(KernelIds ids) => new(
        [.. ids.Programs.Where(id => Exists(ProgramById, id))],
        [.. ids.Links.Where(id => Exists(LinkById, id))]);

    /// <summary>
    /// Waits until the kernel has released all objects. It frees programs after a grace period, so a single check is not enough.
    /// </summary>
    public static void AssertGone(KernelIds ids)
    {
        Assert.NotEmpty(ids.Programs);
        KernelIds alive = ids;
        Wait.Until(() => (alive = Alive(ids)).Count == 0, () => $"programs {string.Join(", ", alive.Programs)} and links {string.Join(", ", alive.Links)} are left");
    }

    /// <summary>Returns the number of fds that this process has open.</summary>
    public static int OpenDescriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length - 1;

    /// <summary>Returns the number of threads of this process.</summary>
    public static int Threads() => Directory.GetFileSystemEntries("/proc/self/task").Length;

    private static HashSet<uint> Ids(string key, int? process)
    {
        var ids = new HashSet<uint>();
        foreach (string file in Directory.GetFiles($"/proc/{process?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "self"}/fdinfo"))
        {
            try
            {
                string[] lines = File.ReadAllLines(file);
                if (lines.FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal)) is { } line)
                {
                    ids.Add(uint.Parse(line[key.Length..].Trim(), System.Globalization.CultureInfo.InvariantCulture));
                }
            }
            catch (IOException)
            {
                // Another thread has closed the fd meanwhile.
            }
        }

        return ids;
    }

    private static unsafe bool Exists(int command, uint id)
    {
        // The kernel reads the id from the first four bytes of its argument.
        uint* argument = stackalloc uint[32];
        new Span<uint>(argument, 32).Clear();
        argument[0] = id;
        long descriptor = Syscall(CallNumber, command, argument, 12);
        if (descriptor < 0)
        {
            return Marshal.GetLastPInvokeError() != 2;
        }

        Close((int)descriptor);
        return true;
    }

    private static long CallNumber => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 321 : 280;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static unsafe partial long Syscall(long number, long command, uint* argument, long size);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}

/// <summary>Programs and links by the kernel's ids.</summary>
internal sealed record KernelIds(IReadOnlyCollection<uint> Programs, IReadOnlyCollection<uint> Links)
{
    public int Count => Programs.Count + Links.Count;
}

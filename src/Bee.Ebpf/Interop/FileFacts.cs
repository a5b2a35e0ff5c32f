using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Ebpf.Interop;

/// <summary>What tells one file from another, and one state of it from a later one.</summary>
/// <param name="Device">The number of its file system's device.</param>
/// <param name="Inode">Its number there.</param>
/// <param name="Changed">When its content was changed last, in nanoseconds.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="Owner">The user whom it belongs to.</param>
internal readonly record struct FileFacts(ulong Device, ulong Inode, long Changed, long Size, uint Owner)
{
    // O_RDONLY with O_NONBLOCK and O_CLOEXEC as x86-64 and arm64 have them.
    private const int ReadOnlyNonBlocking = Libc.O_NONBLOCK | Libc.O_CLOEXEC;

    /// <summary>Opens a regular file for reading. Pipes and devices, on which opening alone may wait or do things, are left alone.</summary>
    /// <returns>The file, or null where there is none that can be read.</returns>
    public static SafeFileHandle? TryOpen(string path, out FileFacts facts) => Regular(Libc.open(path, ReadOnlyNonBlocking, 0), out facts);

    /// <summary>The same for a path as a process with another root folder sees it: its absolute links stay below that folder.</summary>
    /// <param name="root">The folder, such as <c>/proc/PID/root</c>.</param>
    /// <param name="path">An absolute path.</param>
    /// <param name="facts">What the file is.</param>
    public static SafeFileHandle? TryOpenInRoot(string root, string path, out FileFacts facts) => Regular(FileCalls.OpenInRoot(root, path, ReadOnlyNonBlocking), out facts);

    private static SafeFileHandle? Regular(int fd, out FileFacts facts)
    {
        facts = default;
        if (fd < 0)
        {
            return null;
        }

        var file = new SafeFileHandle(fd, ownsHandle: true);
        try
        {
            var status = FileStatus.Of(file);
            if (status.IsRegular)
            {
                facts = new FileFacts((ulong)status.DeviceMajor << 32 | status.DeviceMinor, status.Inode,
                    status.ModifiedSeconds * 1_000_000_000 + status.ModifiedNanoseconds, (long)status.Size, status.User);
                return file;
            }
        }
        catch (EntryPointNotFoundException)
        {
            // An old C library has no statx: without names is better than without the program.
        }

        file.Dispose();
        return null;
    }
}

/// <summary>The calls on pins and other files of the kernel that .NET has no like of: a folder that must be new, and which file system it is on.</summary>
internal static unsafe class FileCalls
{
    /// <summary>The magic number of the file system that a path is on; null when that fails, and then errno is the last P/Invoke error.</summary>
    public static uint? FileSystemOf(string path)
    {
        // struct statfs begins with the number, in 4 or 8 bytes; no architecture has more than 256 bytes of it.
        var facts = stackalloc uint[64];
        return Libc.statfs(path, facts) == 0 ? facts[BitConverter.IsLittleEndian || sizeof(nint) == 4 ? 0 : 1] : null;
    }

    /// <summary>A second fd for the same thing, closed on exec; -1 with the last P/Invoke error set.</summary>
    public static int Duplicate(int fd) => Libc.fcntl(fd, Libc.F_DUPFD_CLOEXEC, 0);

    /// <summary>Opens a path below a folder as if that were the root: also absolute links and .. stay inside. -1 when that fails, and then errno is the last P/Invoke error.</summary>
    public static int OpenInRoot(string root, string path, int flags)
    {
        // openat2(2), since Linux 5.6; the number is the same on x86-64 and arm64.
        const int OpenAt2 = 437;
        const ulong ResolveInRoot = 0x10;
        var folder = Libc.open(root, Libc.O_PATH | Libc.O_CLOEXEC, 0);
        if (folder < 0)
        {
            return -1;
        }

        using var handle = new FdHandle(folder);
        var how = stackalloc ulong[3] { (ulong)flags, 0, ResolveInRoot };
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(path + '\0'))
        {
            return (int)Libc.syscall(OpenAt2, folder, (nint)name, (nint)how, 3 * sizeof(ulong), 0);
        }
    }
}

using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Ebpf.Interop;

/// <summary>Identifies a file and its state.</summary>
/// <param name="Device">The device number of the file system.</param>
/// <param name="Inode">The inode number.</param>
/// <param name="Changed">The time of the last change of its content, in nanoseconds since 1970.</param>
/// <param name="Size">The length in bytes.</param>
/// <param name="Owner">The id of the owner.</param>
internal readonly record struct FileFacts(ulong Device, ulong Inode, long Changed, long Size, uint Owner)
{
    // O_RDONLY is 0.
    private const int ReadOnlyNonBlocking = Libc.O_NONBLOCK | Libc.O_CLOEXEC;

    /// <summary>Opens a regular file for reading. The open does not block on a named pipe.</summary>
    /// <returns>The file; null if it does not exist, is not a regular file, or cannot be read.</returns>
    public static SafeFileHandle? TryOpen(string path, out FileFacts facts) => Regular(Libc.open(path, ReadOnlyNonBlocking, 0), out facts);

    /// <summary>Opens a regular file by its path in another root folder. Absolute symbolic links stay below that folder.</summary>
    /// <param name="root">The folder, such as <c>/proc/PID/root</c>.</param>
    /// <param name="path">An absolute path.</param>
    /// <param name="facts">The identity of the file.</param>
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
            // An old C library lacks statx. The caller can go on without the file.
        }

        file.Dispose();
        return null;
    }
}

/// <summary>File calls that .NET lacks.</summary>
internal static unsafe class FileCalls
{
    /// <summary>Returns the magic number of the file system of a path; null on failure, with the last P/Invoke error set.</summary>
    public static uint? FileSystemOf(string path)
    {
        // struct statfs begins with the number, in 4 or 8 bytes, and has at most 256 bytes.
        var facts = stackalloc uint[64];
        return Libc.statfs(path, facts) == 0 ? facts[BitConverter.IsLittleEndian || sizeof(nint) == 4 ? 0 : 1] : null;
    }

    /// <summary>Duplicates an fd with close-on-exec; -1 on failure, with the last P/Invoke error set.</summary>
    public static int Duplicate(int fd) => Libc.fcntl(fd, Libc.F_DUPFD_CLOEXEC, 0);

    /// <summary>Opens a path as if a folder were the root, for absolute symbolic links and .. too; -1 on failure, with the last P/Invoke error set.</summary>
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

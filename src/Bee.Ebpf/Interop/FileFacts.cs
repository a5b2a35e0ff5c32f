using System.Runtime.InteropServices;
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
    private const int ReadOnlyNonBlocking = Libc.NonBlocking | Libc.CloseOnExec;

    /// <summary>Opens a regular file for reading. Pipes and devices, on which opening alone may wait or do things, are left alone.</summary>
    /// <returns>The file, or null where there is none that can be read.</returns>
    public static SafeFileHandle? TryOpen(string path, out FileFacts facts) => Regular(FileCalls.Open(path, ReadOnlyNonBlocking), out facts);

    /// <summary>The same for a path as a process with another root folder sees it: its absolute links stay below that folder.</summary>
    /// <param name="root">The folder, such as <c>/proc/PID/root</c>.</param>
    /// <param name="path">An absolute path.</param>
    /// <param name="facts">What the file is.</param>
    public static SafeFileHandle? TryOpenInRoot(string root, string path, out FileFacts facts) => Regular(FileCalls.OpenInRoot(root, path, ReadOnlyNonBlocking), out facts);

    private static SafeFileHandle? Regular(int descriptor, out FileFacts facts)
    {
        facts = default;
        if (descriptor < 0)
        {
            return null;
        }

        var file = new SafeFileHandle(descriptor, ownsHandle: true);
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
internal static unsafe partial class FileCalls
{
    public const uint OwnerOnly = 0b111_000_000;

    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeDirectory(string path, uint mode);

    [LibraryImport(Library, EntryPoint = "rmdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RemoveDirectory(string path);

    [LibraryImport(Library, EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unlink(string path);

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint OpenAt2(nint number, nint directory, byte* path, ulong* how, nuint size);

    [LibraryImport(Library, EntryPoint = "statfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatFileSystem(string path, uint* facts);

    /// <summary>The magic number of the file system that a path is on; null when that fails, and then errno is the last P/Invoke error.</summary>
    public static uint? FileSystemOf(string path)
    {
        // struct statfs begins with the number, in 4 or 8 bytes; no architecture has more than 256 bytes of it.
        var facts = stackalloc uint[64];
        return StatFileSystem(path, facts) == 0 ? facts[BitConverter.IsLittleEndian || sizeof(nint) == 4 ? 0 : 1] : null;
    }

    /// <summary>Opens a path below a folder as if that were the root: also absolute links and .. stay inside. -1 when that fails, and then errno is the last P/Invoke error.</summary>
    public static int OpenInRoot(string root, string path, int flags)
    {
        // openat2(2), since Linux 5.6; the number is the same on x86-64 and arm64.
        const int OpenAt2Number = 437, PathOnly = 0x200000;
        const ulong ResolveInRoot = 0x10;
        var folder = Open(root, PathOnly | Libc.CloseOnExec);
        if (folder < 0)
        {
            return -1;
        }

        using var handle = new FdHandle(folder);
        var how = stackalloc ulong[3] { (ulong)flags, 0, ResolveInRoot };
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(path + '\0'))
        {
            return (int)OpenAt2(OpenAt2Number, folder, name, how, 3 * sizeof(ulong));
        }
    }
}

using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Ebpf;

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

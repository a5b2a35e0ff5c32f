using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Bee.Ebpf;

/// <summary>What tells one file from another, and one state of it from a later one.</summary>
/// <param name="Device">The number of its file system's device.</param>
/// <param name="Inode">Its number there.</param>
/// <param name="Changed">When its content was changed last, in nanoseconds.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="Owner">The user whom it belongs to.</param>
internal readonly unsafe partial record struct FileFacts(ulong Device, ulong Inode, long Changed, long Size, uint Owner)
{
    // O_RDONLY with O_NONBLOCK and O_CLOEXEC as x86-64 and arm64 have them.
    private const int ReadOnlyNonBlocking = Libc.NonBlocking | Libc.CloseOnExec, EmptyPath = 0x1000, BasicStats = 0x7ff;

    /// <summary>Opens a regular file for reading. Pipes and devices, on which opening alone may wait or do things, are left alone.</summary>
    /// <returns>The file, or null where there is none that can be read.</returns>
    public static SafeFileHandle? TryOpen(string path, out FileFacts facts)
    {
        facts = default;
        var descriptor = OpenFile(path, ReadOnlyNonBlocking, 0);
        if (descriptor < 0)
        {
            return null;
        }

        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        if (TryStat(descriptor, out var status) && (status.Mode & 0xf000) == 0x8000)
        {
            facts = new FileFacts((ulong)status.DeviceMajor << 32 | status.DeviceMinor, status.Inode,
                status.ChangedSeconds * 1_000_000_000 + status.ChangedNanoseconds, (long)status.Size, status.Owner);
            return file;
        }

        file.Dispose();
        return null;
    }

    private static bool TryStat(int descriptor, out Status status)
    {
        try
        {
            Status read;
            var result = Statx(descriptor, "", EmptyPath, BasicStats, &read);
            status = read;
            return result == 0;
        }
        catch (EntryPointNotFoundException)
        {
            // An old C library: without names is better than without the program.
            status = default;
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, Status* status);

    /// <summary><c>struct statx</c>, the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(20)]
        public uint Owner;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(112)]
        public long ChangedSeconds;

        [FieldOffset(120)]
        public uint ChangedNanoseconds;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}

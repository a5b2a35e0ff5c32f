using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Native;

/// <summary>
/// The few calls of the C library that .NET has no like of: opening without following links, relative to a directory; flock without
/// .NET's own locking in between; fsync of a directory; the owner of a file.
/// </summary>
internal static partial class LibC
{
    public const int ReadOnly = 0;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const int PathOnly = 0x200000;

    public const int LockExclusive = 2;
    public const int LockNonBlocking = 4;

    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int WouldBlock = 11;
    public const int AccessDenied = 13;
    public const int Exists = 17;
    public const int NotDirectory = 20;
    public const int Invalid = 22;
    public const int ReadOnlyFileSystem = 30;
    public const int TooManyLinks = 40;

    private const int EmptyPath = 0x1000;
    private const uint BasicStats = 0x7ff;

    // The two flags whose bits are not the same everywhere (asm/fcntl.h of arm and powerpc differs from the generic one).
    private static readonly bool s_swapped = RuntimeInformation.ProcessArchitecture
        is Architecture.Arm or Architecture.Arm64 or Architecture.Armv6 or Architecture.Ppc64le;

    public static int Directory => s_swapped ? 0x4000 : 0x10000;

    public static int NoFollow => s_swapped ? 0x8000 : 0x20000;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenPath(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenPathAt(SafeFileHandle directory, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Lock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Synchronize(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    public static partial int GiveTo(SafeFileHandle file, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "faccessat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(int directory, string path, int mode, int flags);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(SafeFileHandle directory, string path, int flags, uint mask, out FileFacts facts);

    /// <summary>Opens a file; null when that fails, and then errno is the last P/Invoke error.</summary>
    public static SafeFileHandle? Open(string path, int flags, uint mode = 0) => Own(OpenPath(path, flags | CloseOnExec, mode));

    /// <summary>Opens a file relative to a directory; null when that fails, and then errno is the last P/Invoke error.</summary>
    public static SafeFileHandle? OpenAt(SafeFileHandle directory, string path, int flags) =>
        Own(OpenPathAt(directory, path, flags | CloseOnExec, 0));

    /// <summary>Whether this process, with the rights that it has now, may make files in a directory.</summary>
    public static bool MayWriteInto(string directory)
    {
        const int WorkingDirectory = -100, WriteAndSearch = 2 | 1, EffectiveRights = 0x200;
        return Access(WorkingDirectory, directory, WriteAndSearch, EffectiveRights) == 0;
    }

    /// <summary>Kind, owner, size of an open file; false when that fails.</summary>
    public static bool TryStat(SafeFileHandle file, out FileFacts facts) => StatX(file, "", EmptyPath, BasicStats, out facts) == 0;

    private static SafeFileHandle? Own(int descriptor) => descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);

    /// <summary>The kernel's struct statx, which is the same on every architecture; only what is needed of it.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct FileFacts
    {
        [FieldOffset(16)]
        public uint Links;

        [FieldOffset(20)]
        public uint User;

        [FieldOffset(24)]
        public uint Group;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(112)]
        public long ModifiedSeconds;

        private const int KindMask = 0xf000;

        public readonly bool IsRegular => (Mode & KindMask) == 0x8000;

        public readonly bool IsDirectory => (Mode & KindMask) == 0x4000;

        public readonly bool IsSymbolicLink => (Mode & KindMask) == 0xa000;

        public readonly bool IsSticky => (Mode & 0x200) != 0;

        public readonly bool GroupWrites => (Mode & 0x10) != 0;

        public readonly bool OthersWrite => (Mode & 0x2) != 0;
    }
}

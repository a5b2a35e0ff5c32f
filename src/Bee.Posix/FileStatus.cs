using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Bee.Posix;

/// <summary>The status of a file: the fields that Bee uses of the kernel's <c>struct statx</c>, which is the same on all architectures.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal readonly struct FileStatus
{
    private const int KindMask = 0xf000;

    [FieldOffset(16)]
    private readonly uint _links;

    [FieldOffset(20)]
    private readonly uint _user;

    [FieldOffset(24)]
    private readonly uint _group;

    [FieldOffset(28)]
    private readonly ushort _mode;

    [FieldOffset(32)]
    private readonly ulong _inode;

    [FieldOffset(40)]
    private readonly ulong _size;

    [FieldOffset(112)]
    private readonly long _modifiedSeconds;

    [FieldOffset(120)]
    private readonly uint _modifiedNanoseconds;

    [FieldOffset(128)]
    private readonly uint _specialMajor;

    [FieldOffset(132)]
    private readonly uint _specialMinor;

    [FieldOffset(136)]
    private readonly uint _deviceMajor;

    [FieldOffset(140)]
    private readonly uint _deviceMinor;

    /// <summary>The number of hard links.</summary>
    public uint Links => _links;

    /// <summary>The owner's user id.</summary>
    public uint User => _user;

    /// <summary>The group id.</summary>
    public uint Group => _group;

    /// <summary>The type and permissions, as in <c>st_mode</c>.</summary>
    public ushort Mode => _mode;

    /// <summary>The inode number.</summary>
    public ulong Inode => _inode;

    /// <summary>The length in bytes. Files of /proc and most of /sys report 0.</summary>
    public ulong Size => _size;

    /// <summary>The time of the last modification, in seconds since 1970.</summary>
    public long ModifiedSeconds => _modifiedSeconds;

    /// <summary>The fraction of <see cref="ModifiedSeconds"/>, in nanoseconds.</summary>
    public uint ModifiedNanoseconds => _modifiedNanoseconds;

    /// <summary>The major number of the device that the file is on.</summary>
    public uint DeviceMajor => _deviceMajor;

    /// <summary>The minor number of the device that the file is on.</summary>
    public uint DeviceMinor => _deviceMinor;

    /// <summary>Whether the file is a regular file.</summary>
    public bool IsRegular => (_mode & KindMask) == 0x8000;

    /// <summary>Whether the file is a folder.</summary>
    public bool IsFolder => (_mode & KindMask) == 0x4000;

    /// <summary>Whether the file is a symbolic link.</summary>
    public bool IsLink => (_mode & KindMask) == 0xa000;

    /// <summary>Whether the file is a socket.</summary>
    public bool IsSocket => (_mode & KindMask) == 0xc000;

    /// <summary>Whether the file is the device /dev/null, under any name.</summary>
    public bool IsNullDevice => (_mode & KindMask) == 0x2000 && (_specialMajor, _specialMinor) == (1, 3);

    /// <summary>Whether the sticky bit is set: in such a folder, only the owner of a file may rename or delete it.</summary>
    public bool IsSticky => (_mode & 0x200) != 0;

    /// <summary>Whether the group may write the file.</summary>
    public bool GroupWrites => (_mode & 0x10) != 0;

    /// <summary>Whether all users may write the file.</summary>
    public bool OthersWrite => (_mode & 0x2) != 0;

    /// <summary>Whether all users may read the file.</summary>
    public bool OthersRead => (_mode & 0x4) != 0;

    /// <summary>The type of the file with its article: <c>a regular file</c>, <c>a named pipe</c> ….</summary>
    public string Kind => (_mode & KindMask) switch
    {
        0x1000 => "a named pipe",
        0x2000 => "a character device",
        0x4000 => "a folder",
        0x6000 => "a block device",
        0x8000 => "a regular file",
        0xa000 => "a symbolic link",
        0xc000 => "a socket",
        _ => "not a regular file",
    };

    /// <summary>The permissions in octal digits, as chmod(1) accepts them.</summary>
    public string Permissions => Convert.ToString(_mode & 0xfff, 8);

    /// <summary>Reads the status of an open file.</summary>
    /// <exception cref="IOException">statx(2) failed.</exception>
    public static unsafe FileStatus Of(SafeFileHandle file)
    {
        FileStatus status;
        return Libc.statx(file, "", Libc.AT_EMPTY_PATH, Libc.STATX_BASIC_STATS, &status) == 0 ? status : throw PosixException.Last("look at", "an open file");
    }

    /// <summary>Reads the status of a path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="followLink">Whether to follow the last component if it is a symbolic link.</param>
    /// <returns>The status; null if the path does not exist or is not accessible.</returns>
    public static unsafe FileStatus? Of(string path, bool followLink = true)
    {
        FileStatus status;
        return Libc.statx(Libc.AT_FDCWD, path, followLink ? 0 : Libc.AT_SYMLINK_NOFOLLOW, Libc.STATX_BASIC_STATS, &status) == 0 ? status : null;
    }

    /// <summary>Reads the status of a name in an open folder, without following a link; null if the name does not exist.</summary>
    internal static unsafe FileStatus? Of(SafeFileHandle folder, string name)
    {
        FileStatus status;
        return Libc.statx(folder, name, Libc.AT_SYMLINK_NOFOLLOW, Libc.STATX_BASIC_STATS, &status) == 0 ? status : null;
    }
}

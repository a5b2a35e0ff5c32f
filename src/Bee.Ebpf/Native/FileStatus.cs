using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>What is needed of the kernel's <c>struct statx</c>, which is the same on every architecture.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct FileStatus
{
    [FieldOffset(20)]
    public uint User;

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

    private const int KindMask = 0xf000;

    public readonly bool IsRegular => (Mode & KindMask) == 0x8000;

    public readonly bool IsDirectory => (Mode & KindMask) == 0x4000;

    public readonly bool IsSymbolicLink => (Mode & KindMask) == 0xa000;

    public readonly bool IsSticky => (Mode & 0x200) != 0;

    /// <summary>The group counts as others: it may have many members.</summary>
    public readonly bool OthersWrite => (Mode & 0x12) != 0;
}

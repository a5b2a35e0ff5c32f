using System.Runtime.InteropServices;

namespace Bee.Toolchain;

/// <summary>What is at a path, which .NET does not tell: a file, or a device, a pipe, a socket.</summary>
internal static partial class FileKind
{
    // AT_FDCWD, STATX_TYPE, and what <linux/stat.h> has of struct statx on every architecture.
    private const int CurrentDirectory = -100;
    private const uint Type = 1;
    private const int Size = 256;
    private const int ModeOffset = 28;
    private const int KindMask = 0xf000;

    /// <summary>Whether there is something at the path that is neither a regular file nor a folder; a link counts as what it leads to.</summary>
    public static bool IsSpecial(string path)
    {
        Span<byte> facts = stackalloc byte[Size];
        try
        {
            return OperatingSystem.IsLinux() && Status(CurrentDirectory, path, 0, Type, ref MemoryMarshal.GetReference(facts)) == 0
                && (MemoryMarshal.Read<ushort>(facts[ModeOffset..]) & KindMask) is not (0x8000 or 0x4000);
        }
        catch (EntryPointNotFoundException)
        {
            // C libraries before 2018 have no statx.
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Status(int directory, string path, int flags, uint mask, ref byte facts);
}

using System.Runtime.InteropServices;

namespace Bee.Ebpf;

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

using System.Runtime.InteropServices;

namespace Bee.Toolchain.Tests;

/// <summary>Reads files from the disk, past the page cache, so that each read is a request to a disk.</summary>
internal static unsafe partial class DirectFile
{
    private static readonly int s_direct = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x10000 : 0x4000;

    /// <summary>Why files of the temporary folder cannot be read this way; null if they can.</summary>
    public static string? Missing { get; } = Check();

    /// <summary>Reads a file to its end.</summary>
    /// <param name="path">The file.</param>
    /// <param name="size">The number of bytes per read.</param>
    /// <returns>The number of reads that returned data.</returns>
    public static int Read(string path, int size)
    {
        var descriptor = Open(path, s_direct);
        Assert.True(descriptor >= 0, $"errno {Marshal.GetLastPInvokeError()}");
        // Direct I/O needs memory aligned to blocks.
        var memory = NativeMemory.AlignedAlloc((nuint)size, 4096);
        try
        {
            var reads = 0;
            while (ReadSome(descriptor, memory, (nuint)size) > 0)
            {
                reads++;
            }

            return reads;
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
            Close(descriptor);
        }
    }

    private static string? Check()
    {
        var folder = Path.GetTempPath();
        // id parent major:minor root mount-point ...; the last mount above a folder wins.
        var mount = File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' '))
            .Where(parts => parts[4] == "/" || (folder + "/").StartsWith(parts[4] + "/", StringComparison.Ordinal))
            .OrderBy(parts => parts[4].Length).LastOrDefault();
        if (mount is null || !Directory.Exists($"/sys/dev/block/{mount[2]}"))
        {
            return $"needs a temporary folder on a disk, and {folder} is on none";
        }

        var file = Path.GetTempFileName();
        try
        {
            var descriptor = Open(file, s_direct);
            if (descriptor < 0)
            {
                return $"needs a file system that reads past the page cache, and that of {folder} does not";
            }

            Close(descriptor);
            return null;
        }
        finally
        {
            File.Delete(file);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint ReadSome(int descriptor, void* memory, nuint size);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Bee.Ebpf.Elf;
using Bee.Posix;

namespace Bee.Ebpf.Links;

/// <summary>Reads the cache of the dynamic loader, which maps names of libraries to paths (ld.so.cache, ldconfig(8)).</summary>
/// <remarks>Layout: struct cache_file_new in glibc's sysdeps/generic/dl-cache.h. Older files begin with a table of another format.</remarks>
internal static class LoaderCache
{
    private const string DefaultPath = "/etc/ld.so.cache";
    private const int HeaderSize = 48, EntrySize = 24, MostBytes = 16 * 1024 * 1024;

    private static ReadOnlySpan<byte> Magic => "glibc-ld.so.cache1.1"u8;

    // FLAG_ELF_LIBC6 and the architecture.
    private static int? Flags => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 0x303,
        Architecture.Arm64 => 0xa03,
        _ => null,
    };

    /// <summary>Returns the path of a library; null if the cache has none. The name may omit the version: <c>libc</c> means libc.so.6.</summary>
    /// <param name="name">The name.</param>
    /// <param name="path">The cache.</param>
    public static string? Find(string name, string path = DefaultPath)
    {
        byte[] bytes;
        try
        {
            bytes = RegularFile.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        return bytes.Length <= MostBytes ? Find(bytes, name).FirstOrDefault(System.IO.File.Exists) : null;
    }

    /// <summary>Returns the paths that a cache has for a name, in order.</summary>
    internal static IReadOnlyList<string> Find(byte[] bytes, string name)
    {
        var found = new List<string>();
        var start = bytes.AsSpan().IndexOf(Magic);
        if (start < 0 || bytes.Length - start < HeaderSize)
        {
            return found;
        }

        var cache = bytes.AsSpan(start);
        var count = BinaryPrimitives.ReadUInt32LittleEndian(cache[Magic.Length..]);
        for (var i = 0; i < count && HeaderSize + (i + 1) * EntrySize <= cache.Length; i++)
        {
            var entry = cache.Slice(HeaderSize + i * EntrySize, EntrySize);
            var (key, value) = (BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]), BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]));
            if ((Flags is { } flags && BinaryPrimitives.ReadInt32LittleEndian(entry) != flags) || key >= cache.Length || value >= cache.Length)
            {
                continue;
            }

            var library = ElfStrings.Read(cache, (int)key);
            if (library == name || (library.StartsWith(name, StringComparison.Ordinal) && library.AsSpan(name.Length).StartsWith(".so")))
            {
                found.Add(ElfStrings.Read(cache, (int)value));
            }
        }

        return found;
    }
}

using System.Text;
using Bee.Ebpf.Links;

namespace Bee.Ebpf.Tests.Binaries;

public sealed class LoaderCacheTests
{
    private static readonly int s_flags = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? 0xa03 : 0x303;

    [Theory]
    [InlineData("libz.so.1", "/usr/lib/x/libz.so.1")]
    [InlineData("libz", "/usr/lib/x/libz.so.1")]
    [InlineData("libzstd", null)]
    [InlineData("libz.so", null)]
    [InlineData("", null)]
    public void Find_returns_the_library_of_this_architecture(string name, string? path)
    {
        var cache = Cache((0x003, "libz.so.1", "/usr/lib32/libz.so.1"), (s_flags, "libz.so.1", "/usr/lib/x/libz.so.1"));

        string[] paths = path is null ? [] : [path];
        Assert.Equal(paths, LoaderCache.Find(cache, name));
        Assert.Equal(paths, LoaderCache.Find([.. "ld.so-1.7.0\0\0\0\0\0"u8, .. cache], name));
    }

    [Fact]
    public void Find_in_a_damaged_cache_returns_null()
    {
        var cache = Cache((s_flags, "libz.so.1", "/usr/lib/x/libz.so.1"));
        for (var length = 0; length < cache.Length; length++)
        {
            Assert.DoesNotContain("/usr/lib/x/libz.so.1", LoaderCache.Find(cache[..length], "libz.so.1"));
        }

        Assert.Null(LoaderCache.Find("libz.so.1", "/nowhere/ld.so.cache"));
    }

    private static byte[] Cache(params (int Flags, string Name, string Path)[] libraries)
    {
        var strings = new List<byte>();
        using var cache = new MemoryStream();
        using var writer = new BinaryWriter(cache);
        writer.Write("glibc-ld.so.cache1.1"u8);
        writer.Write(libraries.Length);
        writer.Write(new byte[24]);
        var at = 48 + libraries.Length * 24;
        foreach (var (flags, name, path) in libraries)
        {
            writer.Write(flags);
            writer.Write(at + strings.Count);
            strings.AddRange(Encoding.UTF8.GetBytes(name + '\0'));
            writer.Write(at + strings.Count);
            strings.AddRange(Encoding.UTF8.GetBytes(path + '\0'));
            writer.Write(new byte[12]);
        }

        writer.Write([.. strings]);
        return cache.ToArray();
    }
}

using System.Security.Cryptography;
using Bee.Posix;
using Bee.Toolchain.Compiling;
using Bee.Toolchain.Vmlinux;

namespace Bee.Toolchain.Tests;

[Collection(Alone.Name)]
public sealed class VmlinuxHeaderTests : IDisposable
{
    private readonly string? _cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
    private readonly TemporaryFolder _folder = new();

    public VmlinuxHeaderTests() => Environment.SetEnvironmentVariable("XDG_CACHE_HOME", _folder.Path);

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", _cache);
        _folder.Dispose();
    }

    [CompileFact]
    public void It_is_written_once_and_always_the_same()
    {
        var path = VmlinuxHeader.GetOrCreate(null, out var digest);
        var first = File.ReadAllBytes(path);
        var written = File.GetLastWriteTimeUtc(path);

        Assert.StartsWith(Path.Combine(_folder.Path, "bee") + "/", path);
        Assert.Equal("sha256:" + Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(VmlinuxHeader.KernelBtf))), digest);
        Assert.Equal(path, VmlinuxHeader.GetOrCreate(null, out _));
        Assert.Equal(written, File.GetLastWriteTimeUtc(path));

        File.Delete(path);
        VmlinuxHeader.GetOrCreate(VmlinuxHeader.KernelBtf, out _);
        Assert.Equal(first, File.ReadAllBytes(path));
    }

    [CompileFact]
    public void Many_at_once_leave_one_whole_header()
    {
        var paths = Enumerable.Range(0, 4).AsParallel().WithDegreeOfParallelism(4).Select(_ => VmlinuxHeader.GetOrCreate(null, out string _)).ToArray();

        Assert.Single(paths.Distinct());
        Assert.EndsWith("#endif\n", File.ReadAllText(paths[0]));
        Assert.Single(Directory.GetFileSystemEntries(Path.GetDirectoryName(paths[0])!));
    }

    [CompileFact]
    public void The_btf_of_another_kernel_is_taken_from_an_elf_file()
    {
        // Any object with BTF will do: its types become the header.
        var source = _folder.Write("a.bpf.c", "struct only_here { int field; } value;\n");
        var made = Compiler.Compile(new CompileRequest { Source = source }, CancellationToken.None).Object!;
        var file = Path.Combine(_folder.Path, "vmlinux");
        AtomicFile.Write(file, made);

        Assert.Contains("struct only_here {", File.ReadAllText(VmlinuxHeader.GetOrCreate(file, out _)));
    }

    [Fact]
    public void No_file_says_what_to_do()
    {
        var missing = Assert.Throws<KernelBtfException>(() => VmlinuxHeader.GetOrCreate(Path.Combine(_folder.Path, "none"), out _));

        Assert.Contains("none", missing.Message);
        Assert.NotNull(missing.Remedy);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("\x7f" + "ELF")]
    public void A_file_without_btf_is_refused(string content) =>
        Assert.Throws<KernelBtfException>(() => VmlinuxHeader.GetOrCreate(_folder.Write("file", content), out _));

    [CompileFact]
    public void Damaged_btf_is_refused_and_leaves_nothing_behind()
    {
        var btf = File.ReadAllBytes(VmlinuxHeader.KernelBtf);
        // Types that refer beyond the last one.
        for (var i = 1000; i < 5000; i += 4)
        {
            BitConverter.TryWriteBytes(btf.AsSpan(i), 0x7ffffff0);
        }

        var file = Path.Combine(_folder.Path, "btf");
        File.WriteAllBytes(file, btf);

        Assert.Throws<KernelBtfException>(() => VmlinuxHeader.GetOrCreate(file, out _));
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "bee")));
    }

    /// <summary>libbpf's dump of these recurses until the stack overflows, which ends the process.</summary>
    [Theory]
    [InlineData("a pointer to itself", new uint[] { 0, 2 << 24, 1 })]
    [InlineData("a pointer to a function that takes it", new uint[] { 0, 2 << 24, 2, 0, (13 << 24) | 1, 0, 0, 1 })]
    [InlineData("an alias of a pointer to it", new uint[] { 1, 8 << 24, 2, 0, 2 << 24, 1 })]
    public void Types_that_lead_to_themselves_are_refused(string what, uint[] types)
    {
        byte[] names = [0, (byte)'a', 0];
        var length = (uint)types.Length * 4;
        uint[] header = [0x0001eb9f, 24, 0, length, length, (uint)names.Length];
        byte[] btf = [.. header.Concat(types).SelectMany(BitConverter.GetBytes), .. names];
        var file = Path.Combine(_folder.Path, what);
        File.WriteAllBytes(file, btf);

        Assert.Contains("itself", Assert.Throws<KernelBtfException>(() => VmlinuxHeader.GetOrCreate(file, out _)).Message);
    }
}

using Bee.Ebpf.Elf;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;
using Bee.Ebpf.Programs;

namespace Bee.Ebpf.Tests.Loading;

public class TextTests
{
    [Theory]
    [InlineData("libc.so.6:malloc", "libc.so.6", "malloc", 0ul)]
    [InlineData("/usr/bin/bash:readline+16", "/usr/bin/bash", "readline", 16ul)]
    [InlineData("/usr/bin/bash:readline+0x10", "/usr/bin/bash", "readline", 16ul)]
    [InlineData("/usr/bin/bash:0x1f00", "/usr/bin/bash", null, 0x1f00ul)]
    [InlineData("/opt/a:b/tool:main", "/opt/a:b/tool", "main", 0ul)]
    public void Parse_reads_function_and_offset_of_a_uprobe_target(string text, string path, string? function, ulong offset) =>
        Assert.Equal(new UprobeTarget(path, function, offset), Parse(text));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/usr/bin/bash")]
    [InlineData("/usr/bin/bash:")]
    [InlineData(":main")]
    [InlineData("/usr/bin/bash:main+")]
    [InlineData("/usr/bin/bash:main+x")]
    public void Parse_rejects_other_text(string? text) => Assert.Null(Parse(text));

    // The files in parentheses exist and have these functions.
    [Theory]
    [InlineData("t:pkg.(*Server).Handle", "t|pkg.(*Server).Handle")]
    [InlineData("t:main.Pair[int,string]", "t|main.Pair[int,string]")]
    [InlineData("t:main.Pair[int,string],t:f", "t|main.Pair[int,string] t|f")]
    [InlineData("t:f,t:main.Pair[int,string]", "t|f t|main.Pair[int,string]")]
    [InlineData("t:ns::g<int, char>,t:f", "t|ns::g<int, char> t|f")]
    [InlineData("t:ns::*", "t|ns::*")]
    [InlineData("t:operator*", "t|operator*")]
    [InlineData("t:operator*+0x4, t:f+8", "t|operator*+0x4 t|f+8")]
    [InlineData("/a,b/c:d/t:f,t:f", "/a,b/c:d/t|f t|f")]
    [InlineData("t:<impl core::fmt::Debug for X>::fmt", "t|<impl core::fmt::Debug for X>::fmt")]
    [InlineData("t:nothing*,t:f", "t|nothing* t|f")]
    [InlineData("no:ns::f,t:f", "no|ns::f t|f")]
    [InlineData("t:main.Pair[int,strin],t:f", "t|main.Pair[int,strin] t|f")]
    [InlineData("t:0x10,t:16", "t|0x10 t|16")]
    [InlineData("t:f,,", "t|f")]
    public void Split_prefers_an_exact_symbol_to_pattern_list_and_path(string text, string expected)
    {
        string[] functions = ["f", "pkg.(*Server).Handle", "pkg.(*HTTPServer).Handle", "main.Pair[int,string]", "ns::f", "ns::g<int, char>", "operator*", "operator+", "<impl core::fmt::Debug for X>::fmt"];
        var found = BinaryTargetText.Split(text, 1, (file, place) => file is not ("t" or "/a,b/c:d/t") ? PlaceMatch.NoFile
            : functions.Contains(place) || TargetText.TryOffset(place, out _) || (place.LastIndexOf('+') is > 0 and var plus && functions.Contains(place[..plus]) && TargetText.TryOffset(place[(plus + 1)..], out _)) ? PlaceMatch.Exact
            : TargetText.IsPattern(place) && functions.Any(name => TargetText.Fits(place, name)) ? PlaceMatch.Pattern : PlaceMatch.None);
        Assert.Equal(expected, string.Join(' ', found.Select(one => $"{one.File}|{one.Place}")));
    }

    // The text may come from an untrusted image.
    [Fact]
    public void Split_of_many_commas_and_colons_is_fast()
    {
        var looks = 0;
        Assert.Equal(1000, BinaryTargetText.Split(string.Concat(Enumerable.Repeat("a:b:c*,", 1000)), 1, (_, _) => { looks++; return PlaceMatch.NoFile; }).Count());
        Assert.InRange(looks, 1000, 1000 * 1000);
    }

    private static UprobeTarget? Parse(string? text)
    {
        var (path, place) = BinaryTargetText.Split(text, 1, (_, _) => PlaceMatch.NoFile).FirstOrDefault(("", ""));
        return UprobeTarget.Parse(path, place, _ => false);
    }

    [Theory]
    [InlineData("0", new[] { 0 })]
    [InlineData("0-3\n", new[] { 0, 1, 2, 3 })]
    [InlineData("0,2-3,8", new[] { 0, 2, 3, 8 })]
    public void ParseList_reads_the_kernels_list_of_CPUs(string list, int[] cpus) => Assert.Equal(cpus, Cpus.ParseList(list));

    [Theory]
    [InlineData(0ul, new[] { "CAP_BPF", "CAP_PERFMON" })]
    [InlineData(1ul << 39, new[] { "CAP_PERFMON" })]
    [InlineData((1ul << 39) | (1ul << 38), new string[0])]
    [InlineData(1ul << 21, new string[0])]
    public void Missing_capabilities_are_named(ulong effective, string[] lacking) => Assert.Equal(lacking, Permissions.Lacking(effective));

    [Fact]
    public void LibbpfText_reads_the_logs_of_old_and_new_versions()
    {
        Assert.Equal("x", LibbpfText.FailedMap("libbpf: map 'x': failed to create: Invalid argument(-22)\n"));
        Assert.Equal("x", LibbpfText.FailedMap("libbpf: map 'x': failed to create: -EINVAL\n"));
        Assert.Equal(("p", "f"), LibbpfText.MissingType("libbpf: prog 'p': failed to find kernel BTF type ID of 'f': -ESRCH\n"));
        Assert.Equal((null, "f"), LibbpfText.MissingType("libbpf: failed to find kernel BTF type ID of 'f': -3\n"));
        Assert.DoesNotContain("Unknown", LibbpfText.Describe(4001));
        Assert.Equal("No such file or directory", LibbpfText.Describe(2));
        Assert.Equal("Invalid argument (usdt: bad)", LibbpfText.Cause(22, "libbpf: usdt: bad.\n"));
        Assert.Equal("it went wrong", LibbpfText.Last("libbpf: it went wrong\nlibbpf: failed to load object 'o'\n"));
    }

    [Fact]
    public void BinaryFunctions_finds_the_functions_of_a_library() => Assert.Contains("getpgid", BinaryFunctions.Of(BinaryPaths.Find("libc.so.6")!).Select(f => f.Name));

    [Fact]
    public void BinaryFunctions_is_empty_for_a_file_that_is_not_ELF() => Assert.Empty(BinaryFunctions.Of("/etc/passwd"));
}

namespace Bee.Ebpf.Tests.Loading;

public class TextTests
{
    [Theory]
    [InlineData("libc.so.6:malloc", "libc.so.6", "malloc", 0ul)]
    [InlineData("/usr/bin/bash:readline+16", "/usr/bin/bash", "readline", 16ul)]
    [InlineData("/usr/bin/bash:readline+0x10", "/usr/bin/bash", "readline", 16ul)]
    [InlineData("/usr/bin/bash:0x1f00", "/usr/bin/bash", null, 0x1f00ul)]
    [InlineData("/opt/a:b/tool:main", "/opt/a:b/tool", "main", 0ul)]
    public void AUprobesTargetIsFileAndPlace(string text, string path, string? function, ulong offset) =>
        Assert.Equal(new UprobeTarget(path, function, offset), UprobeTarget.Parse(text));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/usr/bin/bash")]
    [InlineData("/usr/bin/bash:")]
    [InlineData(":main")]
    [InlineData("/usr/bin/bash:main+")]
    [InlineData("/usr/bin/bash:main+x")]
    public void OtherTextIsNoUprobesTarget(string? text) => Assert.Null(UprobeTarget.Parse(text));

    [Theory]
    [InlineData("0", new[] { 0 })]
    [InlineData("0-3\n", new[] { 0, 1, 2, 3 })]
    [InlineData("0,2-3,8", new[] { 0, 2, 3, 8 })]
    public void TheListOfCpusIsReadInTheKernelsForm(string list, int[] cpus) => Assert.Equal(cpus, Cpus.ParseList(list));

    [Theory]
    [InlineData(0ul, new[] { "CAP_BPF", "CAP_PERFMON" })]
    [InlineData(1ul << 39, new[] { "CAP_PERFMON" })]
    [InlineData((1ul << 39) | (1ul << 38), new string[0])]
    [InlineData(1ul << 21, new string[0])]
    public void CapabilitiesThatLackAreNamed(ulong effective, string[] lacking) => Assert.Equal(lacking, Permissions.Lacking(effective));

    [Fact]
    public void FactsAreFoundInWhatOlderAndNewerLibbpfsSay()
    {
        Assert.Equal("x", LibbpfText.FailedMap("libbpf: map 'x': failed to create: Invalid argument(-22)\n"));
        Assert.Equal("x", LibbpfText.FailedMap("libbpf: map 'x': failed to create: -EINVAL\n"));
        Assert.Equal(("p", "f"), LibbpfText.MissingType("libbpf: prog 'p': failed to find kernel BTF type ID of 'f': -ESRCH\n"));
        Assert.Equal((null, "f"), LibbpfText.MissingType("libbpf: failed to find kernel BTF type ID of 'f': -3\n"));
        Assert.Equal(("p", "R1 bad\n"), LibbpfText.Verifier("a\nlibbpf: prog 'p': -- BEGIN PROG LOAD LOG --\nR1 bad\n-- END PROG LOAD LOG --\nb\n"));
        Assert.Equal(["R1 bad"], LibbpfText.Verdict("0: exit\nR1 bad\nprocessed 1 insns (limit 1000000)\n", 1));
        Assert.Equal("it went wrong", LibbpfText.Last("libbpf: it went wrong\nlibbpf: failed to load object 'o'\n"));
    }

    [Fact]
    public void FunctionsOfALibraryAreFound() => Assert.Contains("getpgid", BinaryFunctions.Of(BinaryPaths.Find("libc.so.6")!).Select(f => f.Name));

    [Fact]
    public void WhatIsNoElfFileHasNoFunctions() => Assert.Empty(BinaryFunctions.Of("/etc/passwd"));
}

using Bee.Toolchain.Compiling;

namespace Bee.Toolchain.Tests;

/// <summary>The project's own C.</summary>
internal static class Sources
{
    internal static string Examples { get; } = Path.GetFullPath(Path.Combine(BeeHeaders.Directory!, "..", "..", "..", "examples"));

    /// <summary>Compiles text as a file, and reports clang's diagnostics on failure.</summary>
    internal static Bee.Ebpf.Objects.ObjectFile Compile(string text, params string[] flags)
    {
        using var folder = new TemporaryFolder();
        return CompileFile(folder.Write("tool.bpf.c", text), flags);
    }

    internal static Bee.Ebpf.Objects.ObjectFile CompileFile(string path, params string[] flags)
    {
        var result = Compiler.Compile(new CompileRequest { Source = path, CFlags = flags }, CancellationToken.None);
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        Assert.Empty(result.Diagnostics);
        return Bee.Ebpf.Objects.ObjectFile.Read(result.Object, Path.GetFileName(path));
    }
}

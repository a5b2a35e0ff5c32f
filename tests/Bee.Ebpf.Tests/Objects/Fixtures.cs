using System.Diagnostics;
using System.Text;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Objects;

/// <summary>The objects under fixtures/, compiled once per run.</summary>
internal static class Fixtures
{
    private static readonly Lazy<IReadOnlyDictionary<string, byte[]>> s_compiled = new(CompileAll);

    /// <summary>Every fixture by its name, as clang -g -O2 and llvm-strip -g make it.</summary>
    public static IReadOnlyDictionary<string, byte[]> All => s_compiled.Value;

    /// <summary>The bytes of one fixture, for the caller to keep.</summary>
    public static byte[] Bytes(string name) => (byte[])All[name].Clone();

    /// <summary>Reads one fixture.</summary>
    public static ObjectFile Read(string name) => ObjectFile.Read(All[name], name + ".o");

    /// <summary>Why fixtures cannot be compiled here, or null.</summary>
    public static string? Missing { get; } =
        Find("clang") is null ? "clang is not installed (package clang)" : Find("llvm-strip") is null ? "llvm-strip is not installed (package llvm)" : null;

    /// <summary>Compiles a source text next to fixture.h.</summary>
    public static byte[] Compile(string name, string source, bool types = true, bool isStripped = true, params string[] flags)
    {
        using var folder = new TemporaryFolder();
        return Compile(folder.Write(name + ".bpf.c", Encoding.UTF8.GetBytes(source)), types, isStripped, flags);
    }

    /// <summary>Runs a program and returns what it prints.</summary>
    public static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {errors.Result}");
        return output;
    }

    /// <summary>Finds a program on PATH, or null.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Select(p => Path.Combine(p, program)).FirstOrDefault(File.Exists);

    private static string Sources => Path.Combine(AppContext.BaseDirectory, "Objects", "fixtures");

    private static Dictionary<string, byte[]> CompileAll() =>
        Directory.GetFiles(Sources, "*.bpf.c").ToDictionary(f => Path.GetFileName(f)[..^".bpf.c".Length], f => Compile(f, types: true, isStripped: true));

    private static byte[] Compile(string source, bool types, bool isStripped, params string[] flags)
    {
        using var folder = new TemporaryFolder();
        var target = Path.Combine(folder.Path, "fixture.o");
        Run("clang", ["-O2", "-target", "bpf", .. types ? ["-g"] : Array.Empty<string>(), .. flags, "-I", Sources, "-I/usr/include/x86_64-linux-gnu", "-I/usr/include/aarch64-linux-gnu", "-c", source, "-o", target]);
        if (isStripped)
        {
            Run("llvm-strip", "-g", target);
        }

        return File.ReadAllBytes(target);
    }
}

/// <summary>A folder that is deleted on disposal.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("bee-objects-").FullName;

    /// <summary>Writes a file into the folder and returns its path.</summary>
    public string Write(string name, byte[] bytes)
    {
        var file = System.IO.Path.Combine(Path, name);
        File.WriteAllBytes(file, bytes);
        return file;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

using System.Collections.Concurrent;
using System.Diagnostics;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Objects for the tests, compiled once per run from the C files in Fixtures.</summary>
internal static class Fixture
{
    private static readonly ConcurrentDictionary<string, Lazy<ObjectFile>> s_compiled = new();

    public static bool HasClang { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => File.Exists(Path.Combine(d, "clang")));

    /// <summary>Returns the object of an embedded C file.</summary>
    public static ObjectFile Object(string name) => s_compiled.GetOrAdd(name, n => new(() => Compile(n, Resource(n + ".c")))).Value;

    /// <summary>Compiles a source, which may include fixture.h.</summary>
    public static ObjectFile Compile(string name, string source)
    {
        var folder = Directory.CreateTempSubdirectory("bee-loading-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "fixture.h"), Resource("fixture.h"));
            var input = Path.Combine(folder, name + ".c");
            File.WriteAllText(input, source);
            var output = Path.Combine(folder, name + ".o");
            Run("clang", "-g", "-O2", "-target", "bpf", "-Wall", "-I/usr/include/x86_64-linux-gnu", "-I/usr/include/aarch64-linux-gnu", "-c", input, "-o", output);
            return ObjectFile.Read(File.ReadAllBytes(output), name + ".o");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public static string Run(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{tool} {string.Join(' ', arguments)}: {errors.Result}");
    }

    private static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(Fixture).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}

using System.Diagnostics;
using Bee.Ebpf.Objects;

namespace Bee.Bench;

/// <summary>The compiled C programs of a run, in a temporary folder that is deleted at the end.</summary>
internal sealed class Workbench : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bee-bench-").FullName;

    public Workbench()
    {
        Compile("fill.bpf.c", "fill.o");
        Compile("fill.bpf.c", "series.o", "-DENTRIES=10000");
        Compile("names.bpf.c", "names.o");
        Compile("burst.bpf.c", "burst.o");
        Compile("live.bpf.c", "live.o");
        Compile("live.bpf.c", "untyped.o", "-DUNTYPED");
        Compile("stop.bpf.c", "stop.o");
        Run("gcc", "-O2", Source("floor.c"), "-o", Path("floor"), "-lbpf");
        Run("gcc", "-O2", Source("caller.c"), "-o", Path("caller"));
    }

    /// <summary>Returns the path of a compiled file.</summary>
    public string Path(string name) => System.IO.Path.Combine(_folder, name);

    /// <summary>Reads a compiled object.</summary>
    public ObjectFile Object(string name) => ObjectFile.Read(Path(name + ".o"));

    /// <summary>Runs the C floor and returns the numbers that it prints.</summary>
    public long[] Floor(params string[] arguments) => Numbers(Run(Path("floor"), arguments));

    /// <summary>Starts a C floor that lives through all rounds, so that it is as warm as Bee's side.</summary>
    public FloorProcess Serve(params string[] arguments) => new(Start("floor", arguments));

    /// <summary>Starts a process that is controlled line by line.</summary>
    public Process Start(string name, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(Path(name), arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;

    public static long[] Numbers(string line) => [.. line.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(long.Parse)];

    /// <summary>Returns whether a tool is on PATH.</summary>
    public static bool Has(string tool) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => File.Exists(System.IO.Path.Combine(d, tool)));

    public static string Run(string tool, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{tool} {string.Join(' ', arguments)} failed: {errors.Result}");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Compile(string source, string output, params string[] more) => Run(
        "clang", ["-g", "-O2", "-target", "bpf", "-I/usr/include/x86_64-linux-gnu", "-I/usr/include/aarch64-linux-gnu", .. more, "-c", Source(source), "-o", Path(output)]);

    /// <summary>Returns the path of a C source.</summary>
    public static string Source(string name) => System.IO.Path.Combine(AppContext.BaseDirectory, "c", name);
}

/// <summary>A C floor that runs once for each line that it receives.</summary>
internal sealed class FloorProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    public FloorProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Runs once, and returns the rate in units per second of CPU time.</summary>
    public double Rate()
    {
        _process.StandardInput.WriteLine();
        _process.StandardInput.Flush();
        var numbers = Workbench.Numbers(_process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"The C floor ended: {_errors.Result}"));
        return numbers[0] * 1e9 / numbers[1];
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}

using System.Diagnostics;
using System.Globalization;
using Bee.Ebpf.Records;

namespace Bee.Bench;

/// <summary>
/// From nothing to the first event: New-BeeProgram, and Invoke-BeeProgram on its output, in an engine that has just imported the module; against clang, llvm-strip and bpftool in sequence on the same file.
/// </summary>
internal static class SkeletonBench
{
    private const string Name = "New-BeeProgram to the first event";
    private const string File = "first.bpf.c";

    // The target of InvokeBench for compiled programs, and as much again for the runs of clang, the BTF and the engine.
    private const double MostMore = 300;

    // bpftool passes the type of a ring's values on as their size, which the kernel rejects; Bee removes it.
    private const string Untyped = """
        #include "bee.h"
        #undef BEE_RING
        #define BEE_RING(map, event_type, size) struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, size); } map SEC(".maps")
        """;

    public static IEnumerable<Row> Run(Workbench bench)
    {
        if (Engine.Module is not { } module)
        {
            yield return Engine.NoModule(Name);
            yield break;
        }

        if (((string[])["bpftool", "llvm-strip"]).FirstOrDefault(tool => !Workbench.Has(tool)) is { } missing)
        {
            yield return new Row(Name, "", "", "", $"needs {missing}", null);
            yield break;
        }

        var folder = bench.Path("skeleton");
        Directory.CreateDirectory(folder);
        // A separate cache: clang gets the header of kernel types that Bee caches in the first round.
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", Path.Combine(folder, "cache"));
        var floor = new List<double>();
        var bee = new List<double>();
        for (var i = -1; i < Report.Runs; i++)
        {
            var beeTime = Engine.Again("--skeleton-once", module, folder);
            var floorTime = ByHand(module, folder);
            if (i >= 0)
            {
                floor.Add(floorTime);
                bee.Add(beeTime);
            }
        }

        var more = Report.Median(bee) - Report.Median(floor);
        yield return new Row(Name, Engine.Milliseconds(Report.Median(floor)), Engine.Milliseconds(Report.Median(bee)), $"{more:+0;-0} ms", $"<= +{MostMore} ms", more <= MostMore);
    }

    /// <summary>The work of the child process. Prints milliseconds until the program saw the first call of the process.</summary>
    public static int Once(string module, string folder)
    {
        using var runspace = Engine.Open();
        Engine.Run(runspace, $"Import-Module '{module}'");
        using var done = new ManualResetEventSlim();
        var calls = new Thread(() =>
        {
            while (!done.Wait(1))
            {
                System.IO.File.OpenHandle("/dev/null").Dispose();
            }
        });
        calls.Start();
        var start = DateTime.Now;
        var seen = Engine.Run(
            runspace,
            $"$file = New-BeeProgram '{Path.Combine(folder, File)}' -Force; Invoke-BeeProgram $file.FullName -Parameter @{{ target_pid = {Environment.ProcessId} }} -MaxEvents 1");
        done.Set();
        calls.Join();
        var first = (DateTime)((BpfEvent)seen[0].BaseObject).GetType().GetProperty("at")!.GetValue(seen[0].BaseObject)!;
        Console.WriteLine((first - start).TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    private static double ByHand(string module, string folder)
    {
        var compiled = Path.Combine(folder, "first.o");
        var pins = $"/sys/fs/bpf/bee-bench-{Environment.ProcessId}";
        var types = Path.GetDirectoryName(Directory.GetFiles(Path.Combine(folder, "cache"), "vmlinux.h", SearchOption.AllDirectories)[0])!;
        var source = Path.Combine(folder, "byhand.bpf.c");
        System.IO.File.WriteAllText(source, System.IO.File.ReadAllText(Path.Combine(folder, File)).Replace("#include \"bee.h\"", Untyped));
        var start = Stopwatch.GetTimestamp();
        Workbench.Run(
            "clang", "-target", "bpf", "-g", "-O2", "-std=gnu17", "-I" + types, "-I" + Path.Combine(Path.GetDirectoryName(module)!, "include"),
            "-I/usr/include/x86_64-linux-gnu", "-I/usr/include/aarch64-linux-gnu", "-c", source, "-o", compiled);
        Workbench.Run("llvm-strip", "-g", compiled);
        Workbench.Run("bpftool", "prog", "loadall", compiled, pins);
        var elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        Directory.Delete(pins, recursive: true);
        return elapsed;
    }
}

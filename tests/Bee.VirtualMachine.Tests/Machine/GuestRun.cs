using System.Collections.Concurrent;
using Bee.VirtualMachine.Kernels;

namespace Bee.VirtualMachine.Machine;

/// <summary>One boot of one kernel, in which all scenarios ran.</summary>
internal sealed class GuestRun
{
    private static readonly ConcurrentDictionary<string, Lazy<GuestRun>> s_runs = new();

    private readonly Dictionary<string, ScenarioResult> _results;
    private readonly string? _fault;
    private readonly string _console;

    private GuestRun(Dictionary<string, ScenarioResult> results, IReadOnlyList<KindResult> kinds, string? fault, string console)
    {
        _results = results;
        Kinds = kinds;
        _fault = fault;
        _console = console;
    }

    /// <summary>The results of the program kinds.</summary>
    public IReadOnlyList<KindResult> Kinds { get; }

    /// <summary>Returns the run of a kernel's guest. The first call boots it.</summary>
    public static GuestRun Of(string version) => s_runs.GetOrAdd(version, key => new(() => Boot(DebianKernel.Of(key)))).Value;

    /// <summary>Fails if the scenario failed or did not end.</summary>
    public void Assert(string scenario)
    {
        if (!_results.TryGetValue(scenario, out ScenarioResult? result))
        {
            Xunit.Assert.Fail($"{_fault ?? "the guest switched itself off"} before this scenario ended. The end of its console:\n{_console}");
        }

        Xunit.Assert.True(result.Passed, result.Message);
    }

    private static GuestRun Boot(DebianKernel kernel)
    {
        string folder = Directory.CreateTempSubdirectory("bee-guest-").FullName;
        try
        {
            string archive = Path.Combine(folder, "root.cpio");
            Parallel.Invoke(GuestPowerShell.Prepare, () =>
            {
                if (Project.Reach is null)
                {
                    ProgramStore.Prepare();
                }
            });
            RootFileSystem.Write(archive, KernelFiles.Obtain(kernel));
            string? fault = Emulator.Run(KernelFiles.Obtain(kernel), archive, folder);
            string console = Read(folder, "console");
            Keep(kernel, console);
            string results = Read(folder, "results");
            string[] lines = console.Split('\n');
            int oops = Array.FindIndex(lines, line => line.Contains("Oops:", StringComparison.Ordinal) || line.Contains("Kernel panic", StringComparison.Ordinal));
            return new GuestRun(
                ScenarioResult.Parse(results),
                KindResult.Parse(results),
                oops >= 0 ? "the guest's kernel panicked" : fault,
                string.Join('\n', oops >= 0 ? lines[Math.Max(0, oops - 5)..] : lines.TakeLast(40)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Kept for inspection of the scenarios' output.
    private static void Keep(DebianKernel kernel, string console)
    {
        string folder = Directory.CreateDirectory(Path.Combine(Project.Root, "artifacts", "guests")).FullName;
        File.WriteAllText(Path.Combine(folder, $"console-{kernel.Version}.txt"), console);
    }

    private static string Read(string folder, string name) =>
        File.Exists(Path.Combine(folder, name)) ? File.ReadAllText(Path.Combine(folder, name)).ReplaceLineEndings("\n") : "";
}

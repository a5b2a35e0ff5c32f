using System.Runtime.InteropServices;
using Bee.Bench;
using Bee.Ebpf.Interop;

// Medians of five runs. Bee and the C programs take turns, so that other load on the machine affects both.
var measurements = new Dictionary<string, Func<Workbench, IEnumerable<Row>>>
{
    ["scan"] = ScanBench.Run,
    ["stream"] = StreamBench.Run,
    ["decode"] = DecodeBench.Run,
    ["hash"] = HashBench.Run,
    ["names"] = NamesBench.Run,
    ["live"] = LiveBench.Run,
    ["capture"] = CaptureBench.Run,
    ["merge"] = MergeBench.Run,
    ["cost"] = CostBench.Run,
    ["otlp"] = OtlpBench.Run,
    ["latency"] = LatencyBench.Run,
    ["memory"] = MemoryBench.Run,
    ["view"] = ViewBench.Run,
    ["attach"] = AttachBench.Run,
    ["stop"] = StopBench.Run,
    ["pipeline"] = PipelineBench.Run,
    ["pwsh"] = PwshBench.Run,
    ["import"] = ImportBench.Run,
    ["invoke"] = InvokeBench.Run,
    ["start"] = StartBench.Run,
    ["skeleton"] = SkeletonBench.Run,
    ["transfer"] = TransferBench.Run,
    ["list"] = ListBench.Run,
    ["scrape"] = ScrapeBench.Run,
    ["container"] = ContainerBench.Run,
};

switch (args)
{
    case ["--attach-once", var path]:
        return AttachBench.Once(path);
    case ["--import-once", var module]:
        return ImportBench.Once(module);
    case ["--invoke-once", var module, var path]:
        return InvokeBench.Once(module, path);
    case ["--skeleton-once", var module, var folder]:
        return SkeletonBench.Once(module, folder);
    case ["--transfer-memory", var direction, var folder, var host, var repository]:
        return TransferBench.MemoryOnce(direction, folder, host, repository);
    case ["--transfer-cold", var module, var direction, var folder, var host]:
        return TransferBench.ColdOnce(module, direction, folder, host);
    case ["--list-once", var module, var store]:
        return ListBench.Once(module, store);
}

var chosen = args.Length == 0 || args.Contains("all") ? [.. measurements.Keys] : args;
if (chosen.FirstOrDefault(c => !measurements.ContainsKey(c)) is { } unknown)
{
    Console.Error.WriteLine($"No measurement '{unknown}'. There are: all, {string.Join(", ", measurements.Keys)}.");
    return 2;
}

if (!Environment.IsPrivilegedProcess)
{
    Console.Error.WriteLine("The measurements load programs into the kernel and need root: sudo.");
    return 2;
}

if (((string[])["clang", "gcc"]).FirstOrDefault(t => !Workbench.Has(t)) is { } missing)
{
    Console.Error.WriteLine($"The measurements need {missing}; its package has the same name.");
    return 2;
}

Console.WriteLine($"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} processors, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}, {RuntimeInformation.FrameworkDescription}, libbpf {Libbpf.Version}");
using var bench = new Workbench();
var holds = true;
Report.Heading();
foreach (var row in chosen.SelectMany(name => measurements[name](bench)))
{
    Report.Print(row);
    holds &= row.Holds != false && !row.IsSuspect;
}

return holds ? 0 : 1;

using System.Diagnostics;
using System.Globalization;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Store;
using Bee.Oci.Transfer;
using Bee.Registries;

namespace Bee.Bench;

/// <summary>Pushes and pulls an image of 64 MiB in 16 blobs to and from Debian's registry on loopback, against oras and skopeo; and measures the memory.</summary>
internal static class TransferBench
{
    private const int Layers = 16;
    private const int LayerBytes = 4 << 20;
    private const double MostTimes = 1.2;
    private const double MostMemory = 100;

    public static IEnumerable<Row> Run(Workbench bench)
    {
        if (Tool.Obstacle(Tool.Registry, Tool.Oras, Tool.Skopeo) is { } obstacle)
        {
            return [new Row("push and pull of 64 MiB", "", "", "", obstacle, null)];
        }

        return Measured(bench);
    }

    /// <summary>The work of the child process. Transfers an image and prints the growth of peak memory in MiB.</summary>
    public static int MemoryOnce(string direction, string folder, string host, string repository)
    {
        var before = Status("VmRSS:");
        Move(direction, folder, host, repository).GetAwaiter().GetResult();
        Console.WriteLine((Status("VmHWM:") - before).ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    /// <summary>The work of the child process. Transfers an image by the first cmdlet of a session and prints milliseconds.</summary>
    public static int ColdOnce(string module, string direction, string folder, string host)
    {
        using var runspace = Engine.Open();
        Engine.Run(runspace, $"Import-Module '{module}'");
        var start = Stopwatch.GetTimestamp();
        Engine.Run(runspace, direction == "push" ? $"Publish-BeeImage bench:v1 -Destination {host}/bench:v1 -Store '{folder}'" : $"Save-BeeImage {host}/bench:v1 -Store '{folder}'");
        Console.WriteLine(Stopwatch.GetElapsedTime(start).TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    private static IEnumerable<Row> Measured(Workbench bench)
    {
        var layout = TransferSample.Image(bench.Path("layout"), Layers, LayerBytes);
        List<double> push = [], pull = [], oras = [], orasPull = [], skopeo = [], skopeoPull = [], first = [], firstPull = [];
        for (var i = -1; i < Report.Runs; i++)
        {
            // A registry for each client: skopeo remembers which blobs a registry has, and mounts them from there.
            using var one = DebianRegistry.Start();
            using var two = DebianRegistry.Start();
            using var three = DebianRegistry.Start();
            push.Add(Timed(() => Move("push", layout, one.Host, "bench").GetAwaiter().GetResult()));
            oras.Add(Timed(() => Oras("push", layout, two.Host)));
            skopeo.Add(Timed(() => Skopeo("push", layout, three.Host)));
            pull.Add(Timed(() => Move("pull", bench.Path($"bee{i}"), one.Host, "bench").GetAwaiter().GetResult()));
            orasPull.Add(Timed(() => Oras("pull", bench.Path($"oras{i}"), two.Host)));
            skopeoPull.Add(Timed(() => Skopeo("pull", bench.Path($"skopeo{i}"), three.Host)));
            if (Engine.Module is { } module)
            {
                using var four = DebianRegistry.Start();
                first.Add(Engine.Again("--transfer-cold", module, "push", layout, four.Host));
                firstPull.Add(Engine.Again("--transfer-cold", module, "pull", bench.Path($"cold{i}"), four.Host));
            }
        }

        yield return Compared("push", push, oras, skopeo, MostTimes);
        yield return Compared("pull", pull, orasPull, skopeoPull, MostTimes);
        if (first.Count > 0)
        {
            yield return Compared("first push", first, oras, skopeo, MostTimes);
            yield return Compared("first pull", firstPull, orasPull, skopeoPull, MostTimes);
        }

        using var registry = DebianRegistry.Start();
        Move("push", layout, registry.Host, "bench").GetAwaiter().GetResult();
        yield return Again(registry.Host, layout);
        foreach (var direction in new[] { "push", "pull" })
        {
            yield return Memory(bench, registry.Host, layout, direction);
        }
    }

    /// <summary>Returns medians without the first round, which warms up.</summary>
    private static Row Compared(string name, List<double> bee, List<double> oras, List<double> skopeo, double most)
    {
        var (b, o, s) = (Report.Median(bee.Skip(1)), Report.Median(oras.Skip(1)), Report.Median(skopeo.Skip(1)));
        var ratio = b / Math.Min(o, s);
        var floor = o < s ? "oras" : "skopeo";
        var other = o < s ? $"skopeo {s:0}" : $"oras {o:0}";
        return new Row(
            $"{name} ({floor}; {other})", Engine.Milliseconds(Math.Min(o, s)), Engine.Milliseconds(b), Report.Number(ratio),
            $"<= {Report.Number(most)}", ratio <= most);
    }

    private static Row Again(string host, string layout)
    {
        using var registry = new RemoteRegistry(host, new RegistryOptions());
        var store = new ImageStore(layout);
        var start = Stopwatch.GetTimestamp();
        var result = new ImageTransfer().PushAsync(store, store.Find("bench:v1")!, registry.Repository("bench"), "v1").GetAwaiter().GetResult();
        return new Row("publish it again: blobs sent", "", Engine.Milliseconds(Stopwatch.GetElapsedTime(start).TotalMilliseconds), $"{result.BlobsSent}", "0", result.BlobsSent == 0);
    }

    /// <summary>Measures the memory for the same bytes in 16 blobs, and for four times as many in one.</summary>
    private static Row Memory(Workbench bench, string host, string layout, string direction)
    {
        var one = bench.Path("one");
        if (direction == "push")
        {
            TransferSample.Image(one, 1, 4 * Layers * LayerBytes);
        }

        List<double> many = [], single = [];
        for (var i = 0; i < Report.Runs; i++)
        {
            many.Add(Engine.Again("--transfer-memory", direction, direction == "push" ? layout : bench.Path($"many{i}"), host, $"many{i}"));
            single.Add(Engine.Again("--transfer-memory", direction, direction == "push" ? one : bench.Path($"single{i}"), host, $"single{i}"));
        }

        var most = Math.Max(Report.Median(many), Report.Median(single));
        return new Row($"{direction}, memory: 16 x 4, 1 x 256 MiB", $"{Report.Median(many):0} MiB", $"{Report.Median(single):0} MiB", $"+{most:0} MiB", $"<= +{MostMemory} MiB", most <= MostMemory);
    }

    private static async Task Move(string direction, string folder, string host, string repository)
    {
        using var registry = new RemoteRegistry(host, new RegistryOptions());
        var store = new ImageStore(folder);
        if (direction == "push")
        {
            await new ImageTransfer().PushAsync(store, store.Find("bench:v1")!, registry.Repository(repository), "v1");
        }
        else
        {
            await new ImageTransfer().PullAsync(registry.Repository(repository), "v1", store, ImageReference.Parse("bench:v1"));
        }
    }

    private static void Oras(string direction, string folder, string host) => _ = Tool.Run(Tool.Oras, direction == "push"
        ? ["copy", "--no-tty", "--from-oci-layout-path", folder, "bench:v1", "--to-plain-http", $"{host}/bench:v1"]
        : ["copy", "--no-tty", "--from-plain-http", $"{host}/bench:v1", "--to-oci-layout-path", folder, "bench:v1"]).Success;

    private static void Skopeo(string direction, string folder, string host) => _ = Tool.Run(Tool.Skopeo, direction == "push"
        ? ["--insecure-policy", "copy", "--quiet", "--preserve-digests", "--dest-tls-verify=false", $"oci:{folder}:bench:v1", $"docker://{host}/bench:v1"]
        : ["--insecure-policy", "copy", "--quiet", "--preserve-digests", "--src-tls-verify=false", $"docker://{host}/bench:v1", $"oci:{folder}:bench:v1"]).Success;

    private static double Timed(Action work)
    {
        var start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static double Status(string key)
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(key, StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}

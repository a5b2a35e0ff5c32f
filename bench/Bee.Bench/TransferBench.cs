using System.Diagnostics;
using System.Globalization;
using Bee.Oci;
using Bee.Oci.Registry;
using Bee.Oci.Transfer;
using Bee.Registries;

namespace Bee.Bench;

/// <summary>An image of 64 MiB in 16 blobs to and from Debian's registry on loopback, against oras and skopeo; and what it takes in memory.</summary>
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

    /// <summary>What the started process does: moves an image and prints milliseconds, or by how many MiB its memory was larger at its peak than before.</summary>
    public static int Once(string what, string direction, string folder, string host, string repository)
    {
        var before = Status("VmRSS:");
        var start = Stopwatch.GetTimestamp();
        Move(direction, folder, host, repository).GetAwaiter().GetResult();
        var result = what == "time" ? Stopwatch.GetElapsedTime(start).TotalMilliseconds : Status("VmHWM:") - before;
        Console.WriteLine(result.ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    private static IEnumerable<Row> Measured(Workbench bench)
    {
        using var registry = DebianRegistry.Start();
        var layout = TransferSample.Image(bench.Path("layout"), Layers, LayerBytes);
        foreach (var direction in new[] { "push", "pull" })
        {
            yield return Times(bench, registry.Host, layout, direction);
        }

        yield return Again(registry.Host, layout);
        foreach (var direction in new[] { "push", "pull" })
        {
            yield return Memory(bench, registry.Host, layout, direction);
        }
    }

    private static Row Times(Workbench bench, string host, string layout, string direction)
    {
        List<double> oras = [], skopeo = [], bee = [];
        for (var i = -1; i < Report.Runs; i++)
        {
            double[] times =
            [
                Timed(() => Oras(direction, layout, Fresh(bench, direction, $"oras{i}"), host, $"oras{i}")),
                Timed(() => Skopeo(direction, layout, Fresh(bench, direction, $"skopeo{i}"), host, $"skopeo{i}")),
                Engine.Again("--transfer-once", "time", direction, direction == "push" ? layout : Fresh(bench, direction, $"bee{i}"), host, $"bee{i}"),
            ];
            if (i >= 0)
            {
                oras.Add(times[0]);
                skopeo.Add(times[1]);
                bee.Add(times[2]);
            }
        }

        var (o, s) = (Report.Median(oras), Report.Median(skopeo));
        var ratio = Report.Median(bee) / Math.Min(o, s);
        return new Row(
            $"{direction} 64 MiB, 16 blobs vs {(o < s ? "oras" : "skopeo")} ({(o < s ? "skopeo" : "oras")} {Math.Max(o, s):0})",
            Engine.Milliseconds(Math.Min(o, s)), Engine.Milliseconds(Report.Median(bee)), Report.Number(ratio), $"<= {Report.Number(MostTimes)}", ratio <= MostTimes);
    }

    private static Row Again(string host, string layout)
    {
        using var registry = new RemoteRegistry(host, new RegistryOptions());
        var store = new ImageStore(layout);
        var start = Stopwatch.GetTimestamp();
        var result = new ImageTransfer().PushAsync(store, store.Find("bench:v1")!, registry.Repository("bee0"), "v1").GetAwaiter().GetResult();
        return new Row("publish it again: blobs sent", "", Engine.Milliseconds(Stopwatch.GetElapsedTime(start).TotalMilliseconds), $"{result.BlobsSent}", "0", result.BlobsSent == 0);
    }

    /// <summary>The same bytes in 16 blobs and, four times as many, in one.</summary>
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
            many.Add(Engine.Again("--transfer-once", "memory", direction, direction == "push" ? layout : Fresh(bench, direction, $"many{i}"), host, $"many{i}"));
            single.Add(Engine.Again("--transfer-once", "memory", direction, direction == "push" ? one : Fresh(bench, direction, $"single{i}"), host, $"single{i}"));
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

    private static void Oras(string direction, string layout, string folder, string host, string repository) => _ = Tool.Run(Tool.Oras, direction == "push"
        ? ["copy", "--no-tty", "--from-oci-layout-path", layout, "bench:v1", "--to-plain-http", $"{host}/{repository}:v1"]
        : ["copy", "--no-tty", "--from-plain-http", $"{host}/{repository}:v1", "--to-oci-layout-path", folder, "bench:v1"]).Success;

    private static void Skopeo(string direction, string layout, string folder, string host, string repository) => _ = Tool.Run(Tool.Skopeo, direction == "push"
        ? ["--insecure-policy", "copy", "--quiet", "--preserve-digests", "--dest-tls-verify=false", $"oci:{layout}:bench:v1", $"docker://{host}/{repository}:v1"]
        : ["--insecure-policy", "copy", "--quiet", "--preserve-digests", "--src-tls-verify=false", $"docker://{host}/{repository}:v1", $"oci:{folder}:bench:v1"]).Success;

    /// <summary>A folder for a pull; it goes with the workbench.</summary>
    private static string Fresh(Workbench bench, string direction, string name) => bench.Path($"{direction}-{name}");

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

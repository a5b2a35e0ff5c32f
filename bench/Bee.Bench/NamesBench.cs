using System.Diagnostics;
using System.Globalization;
using Bee.Containers;
using Bee.Containers.Cgroups;
using Bee.Containers.Runtimes;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Records;

namespace Bee.Bench;

/// <summary>
/// The cost of names of containers. Decodes a full ring of a million events of 64 containers with names and without; looks up the names alone; and creates, names and removes 100,000 containers. The
/// containers are empty cgroups, and a runtime in this process names them.
/// </summary>
internal static class NamesBench
{
    private const int Containers = 64, Events = 1_000_000, Lookups = 10_000_000, All = 100_000, First = 10_000;

    private const double MostNanoseconds = 1000, MostGrowth = 16;

    public static IEnumerable<Row> Run(Workbench bench)
    {
        using var cgroups = Cgroups.Make();
        if (cgroups is null)
        {
            yield return new Row("names of containers", "", "", "the unified cgroup hierarchy is not mounted", "", null);
            yield break;
        }

        using var directory = ContainerDirectory.Open([new AnyRuntime()])!;
        directory.WaitForRecorder();
        ulong[] ids = [.. Enumerable.Range(0, Containers).Select(_ => cgroups.Add(Cgroups.NewName()))];
        Array.ForEach(ids, id => WaitForName(directory, id));
        foreach (var row in Decode(bench, directory, ids))
        {
            yield return row;
        }

        yield return Lookup(directory, ids);
        yield return Memory(directory, cgroups);
    }

    private static IEnumerable<Row> Decode(Workbench bench, ContainerDirectory directory, ulong[] ids)
    {
        using var session = BpfSession.Load(bench.Object("names"), new BpfSessionOptions());
        var writer = new MapWriter(session.Maps.Single(map => map.Name == "cgroups"));
        for (var i = 0; i < ids.Length; i++)
        {
            writer.Write(writer.Encode((uint)i, ids[i]));
        }

        var fill = session.Programs.Single(program => program.Name == "fill_ring");
        var plain = new List<double>();
        var named = new List<double>();
        using var without = session.OpenReader(new EventReaderOptions { Select = map => map.Name == "print_events" });
        using var with = session.OpenReader(new EventReaderOptions { Select = map => map.Name == "print_events", Containers = directory });
        for (var i = -Report.WarmUps; i < Report.Runs; i++)
        {
            var (one, last) = Drain(without, fill);
            if (last.GetType().GetProperty("container") is not null)
            {
                throw new InvalidOperationException($"An event without names has a property for them: {last}.");
            }

            var (two, other) = Drain(with, fill);
            if (other.GetType().GetProperty("container")!.GetValue(other) is not string name || !name.StartsWith("web-", StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"The last event has no names: {other}.");
            }

            if (i >= 0)
            {
                plain.Add(one);
                named.Add(two);
            }
        }

        var (floor, bee) = (Report.Median(plain), Report.Median(named));
        yield return new Row("decoded with names, 1 M events", Report.Millions(floor), Report.Millions(bee), Report.Number(bee / floor), "", null);
        var cost = 1e9 / bee - 1e9 / floor;
        yield return new Row("  (names, an event)", Nanoseconds(1e9 / floor), Nanoseconds(1e9 / bee), Signed(cost) + " ns", $"<= +{MostNanoseconds} ns", cost <= MostNanoseconds);
    }

    private static (double Rate, BpfEvent Last) Drain(EventReader reader, Ebpf.Programs.BpfProgram fill)
    {
        fill.TestRun();
        var sink = new CountingSink(keep: Events);
        var start = CpuClock.Now();
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
        var elapsed = CpuClock.Now() - start;
        return sink.Count == Events ? (Events * 1e9 / elapsed, sink.Kept!) : throw new InvalidOperationException($"{sink.Count} events came.");
    }

    private static Row Lookup(ContainerDirectory directory, ulong[] ids)
    {
        var times = new List<double>();
        for (var i = -1; i < Report.Runs; i++)
        {
            var found = 0;
            var start = CpuClock.Now();
            for (var n = 0; n < Lookups; n++)
            {
                found += directory.Find(new ContainerKey(ids[n % Containers], 0, 0)) is null ? 0 : 1;
            }

            var elapsed = CpuClock.Now() - start;
            if (found != Lookups)
            {
                throw new InvalidOperationException($"Only {found} of {Lookups} lookups found names.");
            }

            if (i >= 0)
            {
                times.Add(elapsed / (double)Lookups);
            }
        }

        var time = Report.Median(times);
        return new Row("names of a known cgroup", "", Nanoseconds(time), "", $"<= {MostNanoseconds} ns", time <= MostNanoseconds);
    }

    private static Row Memory(ContainerDirectory directory, Cgroups cgroups)
    {
        var (before, most) = (0d, 0d);
        for (var i = 1; i <= All; i++)
        {
            var name = Cgroups.NewName();
            var id = cgroups.Add(name);
            WaitForContainer(directory, id);
            cgroups.Remove(name);
            if (i % First == 0)
            {
                // Both numbers are of live objects.
                GC.Collect();
                var resident = Resident();
                (before, most) = i == First ? (resident, resident) : (before, Math.Max(most, resident));
            }
        }

        var growth = most - before;
        return new Row("memory, 100,000 containers after 10 k", $"{before:0} MiB", $"{most:0} MiB", Signed(growth) + " MiB", $"<= +{MostGrowth} MiB", growth <= MostGrowth);
    }

    // A runtime answers on another thread.
    private static void WaitForName(ContainerDirectory directory, ulong cgroup)
    {
        var start = Stopwatch.GetTimestamp();
        while (directory.Find(new ContainerKey(cgroup, 0, 0))?.Image is null)
        {
            Expect(start);
            Thread.Sleep(1);
        }
    }

    private static void WaitForContainer(ContainerDirectory directory, ulong cgroup)
    {
        var start = Stopwatch.GetTimestamp();
        while (directory.Find(new ContainerKey(cgroup, 0, 0)) is null)
        {
            Expect(start);
            Thread.Yield();
        }
    }

    private static void Expect(long start)
    {
        if (Stopwatch.GetElapsedTime(start).TotalSeconds > 10)
        {
            throw new InvalidOperationException("The directory does not find a container.");
        }
    }

    private static double Resident()
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    private static string Nanoseconds(double time) => time.ToString("0.0", CultureInfo.InvariantCulture) + " ns";

    private static string Signed(double value) => value.ToString("+0.0;-0.0", CultureInfo.InvariantCulture);

    /// <summary>Knows every container.</summary>
    private sealed class AnyRuntime : IContainerRuntime
    {
        public string Name => "bench";

        public uint UserId => 0;

        public ContainerRecord? Find(string id, CancellationToken cancellationToken) => new() { Id = id, Name = "web-" + id[..8], Image = "docker.io/library/web:1", UserId = UserId };

        public IReadOnlyList<ContainerRecord> List(CancellationToken cancellationToken) => [];
    }

    /// <summary>Empty cgroups with the names of containers, below a cgroup of this process. Disposing removes them.</summary>
    private sealed class Cgroups : IDisposable
    {
        private readonly CgroupTree _tree;
        private readonly string _folder;

        private Cgroups(CgroupTree tree)
        {
            _tree = tree;
            _folder = $"{tree.Unified!.Folder}/bee-bench-{Environment.ProcessId}";
            Directory.CreateDirectory(_folder);
        }

        public static Cgroups? Make() => CgroupTree.Open() is { Unified: not null } tree ? new Cgroups(tree) : null;

        public static string NewName() => $"docker-{Guid.NewGuid():N}{Guid.NewGuid():N}.scope";

        public ulong Add(string name)
        {
            var folder = $"{_folder}/{name}";
            Directory.CreateDirectory(folder);
            return _tree.Unified!.KeyOfFolder(folder)!.Value;
        }

        public void Remove(string name) => Directory.Delete($"{_folder}/{name}");

        public void Dispose()
        {
            foreach (var folder in Directory.GetDirectories(_folder))
            {
                Directory.Delete(folder);
            }

            Directory.Delete(_folder);
            _tree.Dispose();
        }
    }
}

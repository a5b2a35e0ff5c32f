using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Bee.Terminal;
using Bee.Terminal.Devices;
using Bee.Terminal.Frames;
using Bee.Terminal.Models;

namespace Bee.Bench;

/// <summary>The live view at 100,000 events a second: frames a second, CPU time and memory.</summary>
internal static class ViewBench
{
    private const int Seconds = 10;
    private const int Burst = 1000;
    private const double MostGrowth = 64;

    public static IEnumerable<Row> Run(Workbench bench)
    {
        if (Engine.Module is not { } module)
        {
            yield return Engine.NoModule("live view, frames a second");
            yield break;
        }

        var isolated = Assembly.LoadFrom(Path.Combine(Path.GetDirectoryName(module)!, "deps", "Bee.Isolated.dll"));
        var renderer = (ILiveRenderer)Activator.CreateInstance(isolated.GetType("Bee.Isolated.SpectreRenderer", throwOnError: true)!)!;
        long count = 0;
        var model = new LiveModel("bench", () => new LiveStatus(Volatile.Read(ref count), 0, null, 0, 0, true, false));
        var tab = new EventTab(new LiveSchema("events", [.. Enumerable.Range(0, 8).Select(Column)], item => $"{item}"));
        model.Add(tab);
        var terminal = new CountingTerminal();
        using var view = new LiveView(model, terminal, renderer, plain: false);
        view.Start();
        var memory = new List<double>();
        var clock = Stopwatch.StartNew();
        var start = CpuClock.Now();
        for (long sent = 0; clock.Elapsed.TotalSeconds < Seconds; sent += Burst)
        {
            for (var i = 0; i < Burst; i++)
            {
                tab.Add(new Sample(sent + i));
            }

            Volatile.Write(ref count, sent + Burst);
            if (sent % 100_000 == 0 && clock.Elapsed.TotalSeconds >= 2)
            {
                memory.Add(Private());
            }

            var rest = TimeSpan.FromSeconds((sent + Burst) / 100_000.0) - clock.Elapsed;
            if (rest > TimeSpan.Zero)
            {
                Thread.Sleep(rest);
            }
        }

        var used = (CpuClock.Now() - start) / 1e9 / clock.Elapsed.TotalSeconds;
        var frames = view.Frames / clock.Elapsed.TotalSeconds;
        var rate = count / clock.Elapsed.TotalSeconds;
        view.Close();
        var growth = memory.Max() - memory[0];
        yield return new Row("live view, frames a second", "", Report.Millions(rate), Report.Number(frames), "9 to 10.1", frames is >= 9 and <= 10.1);
        yield return new Row("  (processor time, bytes a frame)", "", $"{used * 100:0} %", $"{terminal.Bytes / Math.Max(1, view.Frames)} B", "", null);
        yield return new Row("  (memory after two seconds)", $"{memory[0]:0} MiB", $"{memory[^1]:0} MiB", growth.ToString("+0.0;-0.0", CultureInfo.InvariantCulture) + " MiB", $"<= +{MostGrowth} MiB", growth <= MostGrowth);
    }

    private static LiveColumn Column(int place) => new(
        $"column{place}", place % 2 == 0, 8, 20, place, item => (((Sample)item).Number * (place + 1)).ToString(CultureInfo.InvariantCulture), item => ((Sample)item).Number);

    private static double Private()
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("RssAnon:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    private sealed record Sample(long Number);

    private sealed class CountingTerminal : ITerminal
    {
        private readonly AutoResetEvent _wake = new(false);

        public long Bytes { get; private set; }

        public (int Width, int Height) Size => (200, 50);

        public void Enter()
        {
        }

        public void Renew()
        {
        }

        public void Leave()
        {
        }

        public void Write(ReadOnlySpan<byte> bytes) => Bytes += bytes.Length;

        public int Read(Span<byte> buffer, TimeSpan wait)
        {
            _wake.WaitOne(wait);
            return 0;
        }

        public void Wake() => _wake.Set();

        public void Suspend()
        {
        }

        public void Dispose()
        {
        }
    }
}

using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Telemetry.Captures;

namespace Bee.Telemetry.Tests.Captures;

/// <summary>
/// Captures of each version of the format, which never change, so that all later releases can read them. A JSON file beside each has its events. mixed has events of two rings with timestamps,
/// flexible text, entries and trace lines; syscount entries; runqlat histograms; cpustack stacks; losses lines and a loss; named the names of containers and of other hosts.
/// </summary>
/// <remarks>One test measures the memory of the process, so no other test runs meanwhile.</remarks>
[CollectionDefinition(nameof(GoldenCaptureTests), DisableParallelization = true)]
[Collection(nameof(GoldenCaptureTests))]
public sealed class GoldenCaptureTests : IDisposable
{
    private readonly CaptureFolder _folder = new();

    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder, "*.beecap", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Folder, path)).Order(StringComparer.Ordinal)];

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "captures");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void There_are_captures_of_each_version()
    {
        Assert.Equal(6, Files.Count);
        Assert.Equal(Enumerable.Range(1, CaptureFormat.Version).Select(version => Path.Combine(Folder, $"v{version}")), Directory.GetDirectories(Folder).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_capture_of_any_version_returns_its_events(string name)
    {
        var read = new Json();
        using var reader = CaptureReader.Open(Path.Combine(Folder, name));

        Assert.True(reader.Read(read, CancellationToken.None));

        Assert.Equal(File.ReadAllLines(Path.ChangeExtension(Path.Combine(Folder, name), "jsonl")), read.Lines);
        Assert.Null(reader.EndsEarlyAt);
        Assert.Equal(("example", "X64", (long)read.Lines.Count), (reader.Info.Host, reader.Info.Architecture, reader.Info.Events));
        Assert.Equal(Path.GetFileName(name) == "losses.beecap" ? 7ul : 0, read.Lost);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Events_of_a_capture_can_be_captured_again(string name)
    {
        string path = _folder.Path("again.beecap");
        using (var writer = CaptureWriter.Create(new CaptureOptions(path)))
        {
            using var reader = CaptureReader.Open(Path.Combine(Folder, name));
            reader.Read(new Copy(writer), CancellationToken.None);
        }

        var read = new Json();
        using var again = CaptureReader.Open(path);
        again.Read(read, CancellationToken.None);

        Assert.Equal(File.ReadAllLines(Path.ChangeExtension(Path.Combine(Folder, name), "jsonl")), read.Lines);
    }

    [Fact]
    public void Many_events_are_read_in_flat_memory()
    {
        string path = _folder.Path("many.beecap");
        var first = new ListSinkOfEvents();
        using (var golden = CaptureReader.Open(Path.Combine(Folder, "v1", "mixed.beecap")))
        {
            golden.Read(first, CancellationToken.None);
        }

        int count = FullRun.Times(300_000, 10_000_000);
        using (var writer = CaptureWriter.Create(new CaptureOptions(path)))
        {
            for (int i = 0; i < count; i++)
            {
                writer.Write(first.Events[i % first.Events.Count]);
            }
        }

        using var reader = CaptureReader.Open(path);
        var sink = new Memory(count / 10);
        reader.Read(sink, CancellationToken.None);

        Assert.Equal(count, sink.Count);
        Assert.InRange(sink.Growth, long.MinValue, 16 << 20);
    }

    private sealed class Json : IEventSink
    {
        public List<string> Lines { get; } = [];

        public ulong Lost { get; private set; }

        bool IEventSink.Event(BpfEvent e)
        {
            Lines.Add(e.ToJson());
            return true;
        }

        void IEventSink.Lost(string map, ulong count) => Lost += count;
    }

    private sealed class ListSinkOfEvents : IEventSink
    {
        public List<BpfEvent> Events { get; } = [];

        bool IEventSink.Event(BpfEvent e)
        {
            Events.Add(e);
            return true;
        }

        void IEventSink.Lost(string map, ulong count)
        {
        }
    }

    private sealed class Copy(CaptureWriter writer) : IEventSink
    {
        bool IEventSink.Event(BpfEvent e)
        {
            writer.Write(e);
            return true;
        }

        void IEventSink.Lost(string map, ulong count) => writer.WriteLost(map, count);
    }

    // Compares the memory after each tenth with that after the first.
    private sealed class Memory(int each) : IEventSink
    {
        private long _first;

        public int Count { get; private set; }

        public long Growth { get; private set; }

        bool IEventSink.Event(BpfEvent e)
        {
            if (++Count % each == 0)
            {
                long alive = GC.GetTotalMemory(forceFullCollection: true);
                _first = _first == 0 ? alive : _first;
                Growth = Math.Max(Growth, alive - _first);
            }

            return true;
        }

        void IEventSink.Lost(string map, ulong count)
        {
        }
    }
}

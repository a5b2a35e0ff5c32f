using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Posix;
using Bee.Telemetry.Captures;

namespace Bee.Telemetry.Tests.Captures;

/// <summary>A folder for captures that the test deletes.</summary>
public sealed class CaptureFolder : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bee-captures-").FullName;

    public string Path(string name) => System.IO.Path.Combine(_folder, name);

    public string[] Names => [.. Directory.GetFiles(_folder).Select(file => System.IO.Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    /// <summary>Writes a capture of lines, with a loss after every so many.</summary>
    public string Write(string name, int lines, int lossEvery = int.MaxValue)
    {
        using var writer = CaptureWriter.Create(new CaptureOptions(Path(name)));
        for (int i = 0; i < lines; i++)
        {
            writer.Write(Line(i));
            if (i % lossEvery == lossEvery - 1)
            {
                writer.WriteLost("print_ring", 3);
            }
        }

        writer.Complete();
        return writer.Path;
    }

    public static IteratorLine Line(int number) => new($"line {number}");

    /// <summary>Creates a file with its head.</summary>
    internal static CaptureAppender Append(string path)
    {
        using Folder folder = Folder.Open(System.IO.Path.GetDirectoryName(path)!)!;
        return CaptureAppender.Create(folder, System.IO.Path.GetFileName(path), 1);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

/// <summary>Keeps the events and losses.</summary>
internal sealed class ListSink(int most = int.MaxValue) : IEventSink
{
    public List<string> Events { get; } = [];

    public Dictionary<string, ulong> Losses { get; } = [];

    public static ListSink Read(string path) => Read(path, out _);

    public static ListSink Read(string path, out CaptureReader read)
    {
        var sink = new ListSink();
        read = CaptureReader.Open(path);
        using (read)
        {
            read.Read(sink, CancellationToken.None);
        }

        return sink;
    }

    public bool Event(BpfEvent e)
    {
        Events.Add(e is IteratorLine line ? line.Line : e.ToJson());
        return Events.Count < most;
    }

    public void Lost(string map, ulong count) => Losses[map] = Losses.GetValueOrDefault(map) + count;
}

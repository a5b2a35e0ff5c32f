using System.Diagnostics;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Programs;
using Bee.Telemetry.Collection;

namespace Bee.Cmdlets;

/// <summary>
/// An eBPF program that runs in the background of this process: a thread of its own reads what the program reports into a buffer of
/// a fixed size, until it is stopped. What does not fit is counted in <see cref="Dropped"/>.
/// </summary>
public sealed partial class BpfProgramSession
{
    private readonly object _untoldGate = new();
    private volatile BackgroundReader? _reader;
    private readonly HashSet<string> _suspicions = [];
    private long _toldAt, _toldDropped;
    private ulong _toldLost;

    internal BpfProgramSession(int id, string name, ToolOrigin tool, Guid runspace, BpfSession session, BackgroundReader reader)
    {
        Id = id;
        Name = name;
        Tool = tool;
        Image = tool.Origin;
        Runspace = runspace;
        Pinned = session.Pinned;
        Started = DateTime.Now;
        _reader = reader;
        Show(session);
    }

    /// <summary>A number that is unique in this process, beginning at 1.</summary>
    public int Id { get; }

    /// <summary>The name it was started with; else the image's or the file's.</summary>
    public string Name { get; }

    /// <summary>The image's reference, or the path of the file it was made from; empty where that is not known.</summary>
    public string Image { get; }

    /// <summary>What it is doing.</summary>
    public BpfProgramState State => _reader?.State ?? _unread;

    /// <summary>When it was attached, in local time.</summary>
    public DateTime Started { get; }

    /// <summary>How many events and entries it has reported so far.</summary>
    public long Events => _reader?.Events ?? 0;

    /// <summary>How many of them wait to be received.</summary>
    public int Buffered => _reader?.Buffer.Count ?? 0;

    /// <summary>How many of them left the buffer unreceived, because it was full.</summary>
    public long Dropped => _reader?.Buffer.Dropped ?? 0;

    /// <summary>How many the kernel or the program itself threw away because a ring was full; null where nobody can know.</summary>
    public ulong? Lost => _reader?.Lost;

    /// <summary>The fullest that one of its buffers in the kernel was found, from 0 to 1; null where it has none.</summary>
    public double? HighWater => _reader?.Streams.Max(stream => stream.HighWater);

    /// <summary>The loaded programs.</summary>
    public IReadOnlyList<BpfProgram> Programs
    {
        get
        {
            Open();
            return _programs;
        }
    }

    /// <summary>The maps.</summary>
    public IReadOnlyList<MapInfo> Maps
    {
        get
        {
            Open();
            return _maps;
        }
    }

    /// <summary>Why it failed, or null.</summary>
    public Exception? Error => _reader?.Error ?? _fault;

    /// <summary>The runspace that started it, and that takes it down when it closes.</summary>
    internal Guid Runspace { get; private set; }

    internal EventBuffer Buffer => _reader?.Buffer ?? EventBuffer.Ended;

    internal IReadOnlyList<RecordStream> Streams => _reader is { } reader ? reader.Streams : [];

    /// <summary>What the session measures; null if it is not read here.</summary>
    internal SessionMeter? Meter => _reader?.Meter;

    /// <summary>What is known of the tool and its image.</summary>
    internal ToolOrigin Tool { get; }

    /// <summary>Takes out what the user should know of the maps.</summary>
    internal IReadOnlyList<string> TakeNotices() => _reader?.TakeNotices() ?? [];

    /// <summary>
    /// What has been dropped and lost since it was told last: each loss is told once, and while the program runs once a second at the most, however often somebody
    /// receives. What is not told yet is kept.
    /// </summary>
    internal (long Dropped, ulong Lost) TakeUntoldLosses()
    {
        lock (_untoldGate)
        {
            (long dropped, ulong lost) = (Dropped, Lost ?? 0);
            (long Dropped, ulong Lost) untold = (dropped - _toldDropped, lost - _toldLost);
            if (untold is (0, 0) || (State == BpfProgramState.Running && _toldAt != 0 && Stopwatch.GetElapsedTime(_toldAt) < TimeSpan.FromSeconds(1)))
            {
                return (0, 0);
            }

            (_toldDropped, _toldLost, _toldAt) = (dropped, lost, Stopwatch.GetTimestamp());
            return untold;
        }
    }

    /// <summary>Warnings about buffers that were found full where nobody counts what they refused, each once.</summary>
    internal IReadOnlyList<string> TakeSuspicions()
    {
        lock (_untoldGate)
        {
            return [.. Streams.Select(LossCount.Suspicion).OfType<string>().Where(_suspicions.Add)];
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

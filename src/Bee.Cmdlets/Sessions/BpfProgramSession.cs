using System.Diagnostics;
using Bee.Cmdlets.Tools;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;
using Bee.Telemetry.Captures;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Logs;

namespace Bee.Cmdlets.Sessions;

/// <summary>
/// An eBPF program that runs in the background of this process: a thread of its own reads what the program reports into a buffer of
/// a fixed size, until it is stopped. What does not fit is counted in <see cref="Dropped"/>.
/// </summary>
public sealed class BpfProgramSession
{
    private const int DefaultBuffer = 100_000;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly object _untoldGate = new();
    private volatile BackgroundReader? _reader;
    private readonly HashSet<string> _suspicions = [];
    private readonly Dictionary<string, ulong> _toldLost = [];
    private long _warnedAt, _toldDropped;
    private (long Dropped, long Lost) _unwarned;
    private readonly object _gate = new();
    private readonly string? _folder;
    private IReadOnlyList<BpfProgram> _programs = [];
    private IReadOnlyList<MapInfo> _maps = [];
    private BpfSession? _session;
    private IDisposable? _watch;
    private BpfProgramState _unread = BpfProgramState.Pinned;
    private Exception? _fault;

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

    /// <summary>A program that was found pinned. Its maps are opened when they are asked for, its events are read from <see cref="Read"/> on.</summary>
    internal BpfProgramSession(int id, PinnedProgram pinned)
    {
        Id = id;
        Pinned = pinned;
        Name = pinned.Details.Name;
        Image = pinned.Details.Origin;
        Tool = new ToolOrigin(pinned.Details.Name, pinned.Details.Origin);
        Started = pinned.Details.Started.ToLocalTime();
    }

    /// <summary>Something that stands where pinned programs do and is none.</summary>
    internal BpfProgramSession(string folder, Exception fault)
    {
        _folder = folder;
        _fault = fault;
        _unread = BpfProgramState.Unknown;
        Name = Path.GetFileName(folder);
        Image = string.Empty;
        Tool = new ToolOrigin(Name, string.Empty);
        Started = Directory.GetLastWriteTime(folder);
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

    /// <summary>What has been captured; null without a capture.</summary>
    public CaptureFile? Capture => _reader?.Capture?.Status;

    /// <summary>The loaded programs. Those that are left out are not among them.</summary>
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

    /// <summary>The folder on the BPF file system that keeps it when this process ends; null where nothing does.</summary>
    public string? PinPath => Pinned?.Folder ?? _folder;

    internal PinnedProgram? Pinned { get; }

    /// <summary>The runspace that started it, and that takes it down when it closes.</summary>
    internal Guid Runspace { get; private set; }

    /// <summary>Whether its events go to a capture and not to a buffer.</summary>
    internal bool OnlyCaptures => _reader is { Buffers: false };

    internal EventBuffer Buffer => _reader?.Buffer ?? EventBuffer.Ended;

    internal IReadOnlyList<RecordStream> Streams => _reader is { } reader ? reader.Streams : [];

    /// <summary>What the session measures; null if it is not read here.</summary>
    internal SessionMeter? Meter => _reader?.Meter;

    /// <summary>What is known of the tool and its image.</summary>
    internal ToolOrigin Tool { get; }

    /// <summary>Takes out what the user should know of the maps.</summary>
    internal IReadOnlyList<string> TakeNotices() => _reader?.TakeNotices() ?? [];

    /// <summary>
    /// Returns what was dropped and lost since the last call: each loss is returned once.
    /// </summary>
    /// <param name="onlyDropped">Whether the kernel's losses are left for later.</param>
    /// <returns>A loss of Bee's buffer, without a map, and one for each of the kernel's; usually none.</returns>
    internal IReadOnlyList<PipelineLoss> TakeUnreportedLosses(bool onlyDropped)
    {
        lock (_untoldGate)
        {
            var untold = new List<PipelineLoss>();
            long dropped = Dropped;
            if (dropped > _toldDropped)
            {
                untold.Add(new PipelineLoss(LossReason.BufferFull, Tool.Name, null, dropped - _toldDropped));
                _unwarned.Dropped += dropped - _toldDropped;
                _toldDropped = dropped;
            }

            foreach (RecordStream stream in onlyDropped ? [] : Streams)
            {
                if (stream.Lost is { } lost && lost - _toldLost.GetValueOrDefault(stream.Name) is > 0 and var more)
                {
                    // A program counts its losses itself, and may count anything.
                    long count = (long)Math.Min(more, long.MaxValue);
                    untold.Add(new PipelineLoss(LossReason.Kernel, Tool.Name, stream.Name, count));
                    _unwarned.Lost += Math.Min(count, long.MaxValue - _unwarned.Lost);
                    _toldLost[stream.Name] = lost;
                }
            }

            return untold;
        }
    }

    /// <summary>
    /// The sums of the losses that <see cref="TakeUnreportedLosses"/> returned and no warning has reported yet. While the program runs they are given once a second at the most, however often events are
    /// received.
    /// </summary>
    internal (long Dropped, long Lost) TakeUnwarnedLosses()
    {
        lock (_untoldGate)
        {
            if (_unwarned == default || State == BpfProgramState.Running && _warnedAt != 0 && Stopwatch.GetElapsedTime(_warnedAt) < TimeSpan.FromSeconds(1))
            {
                return default;
            }

            (long, long) unwarned = _unwarned;
            _unwarned = default;
            _warnedAt = Stopwatch.GetTimestamp();
            return unwarned;
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

    /// <summary>Begins to collect the events of a pinned program that nobody collects yet; what is there already is in the buffer when this returns.</summary>
    /// <returns>True where there is something to receive from.</returns>
    /// <exception cref="PinException">Another process reads them, or the pins are not what was pinned.</exception>
    /// <exception cref="BpfLoadException">A buffer cannot be mapped.</exception>
    internal bool Read()
    {
        lock (_gate)
        {
            if (_reader is not null || Pinned is null || _unread != BpfProgramState.Pinned)
            {
                return _reader is not null;
            }

            IDisposable hold = Pinned.Lock();
            EventReader? reader = null;
            try
            {
                OpenPins();
                var streams = Pinned.Details.Streams.ToHashSet(StringComparer.Ordinal);
                reader = _session!.OpenReader(new EventReaderOptions
                {
                    Select = map => streams.Contains(map.Name),
                    Interval = Pinned.Details.Interval,
                    AllEntries = Pinned.Details.AllEntries,
                    RepeatIterators = Pinned.Details.RepeatIterators,
                });
                var background = new BackgroundReader(_session, reader, Name, DefaultBuffer, 0, null) { Hold = hold };
                background.ReadOnce();
                Runspace = System.Management.Automation.Runspaces.Runspace.DefaultRunspace?.InstanceId ?? Guid.Empty;
                background.Start();
                background.WaitForIterators();
                _reader = background;
            }
            catch
            {
                reader?.Dispose();
                hold.Dispose();
                throw;
            }
        }

        RunningPrograms.Add(this, System.Management.Automation.Runspaces.Runspace.DefaultRunspace);
        return true;
    }

    /// <summary>Ends the program: detaches it, of a pinned one takes the pins away, and waits for its thread. What is buffered can still be received.</summary>
    /// <returns>The kernel's ids of programs that are there all the same, because another process holds them.</returns>
    /// <exception cref="PinException">The pins cannot be taken away, or are not Bee's.</exception>
    internal IReadOnlyList<int> Stop()
    {
        if (_folder is not null)
        {
            throw _fault!;
        }

        LetGo(detach: true);
        return Pinned?.Remove(s_patience) ?? [];
    }

    /// <summary>Stops the reading; what is pinned goes on.</summary>
    internal void Leave() => LetGo(detach: false);

    /// <inheritdoc/>
    public override string ToString() => Name;

    // Of two programs at the same path, one after the other, only its own end counts.
    private void LetGo(bool detach)
    {
        IDisposable? watch;
        lock (_gate)
        {
            watch = _watch;
            _watch = null;
            _unread = detach ? BpfProgramState.Stopped : _unread;
            if (detach)
            {
                _session?.ForgetPins();
            }
        }

        watch?.Dispose();
        _reader?.Stop();
        if (detach)
        {
            _session?.Dispose();
        }

        PinnedSessions.Forget(this);
    }

    private void Show(BpfSession session)
    {
        _session = session;
        _programs = [.. session.Programs.Where(program => program.Id != 0)];
        _maps = [.. session.Maps.Select(map => new MapInfo(map, Id, Name))];
        if (Pinned is not null)
        {
            _watch = PinWatch.Start(Pinned, () => LetGo(detach: true));
        }
    }

    private void Open()
    {
        lock (_gate)
        {
            if (_session is null && Pinned is not null && _unread == BpfProgramState.Pinned)
            {
                try
                {
                    OpenPins();
                }
                catch (Exception e) when (e is PinException or BpfLoadException)
                {
                    // Properties do not throw; the state tells.
                    _fault = e;
                    _unread = BpfProgramState.Unknown;
                }
            }
        }
    }

    private void OpenPins()
    {
        if (_session is null)
        {
            Show(Pinned!.OpenSession());
        }
    }
}

/// <summary>What a background program is doing.</summary>
public enum BpfProgramState
{
    /// <summary>Attached, and its events are collected.</summary>
    Running,

    /// <summary>Its duration or its number of events was reached, or it had only so much to say. It is detached.</summary>
    Completed,

    /// <summary>It was stopped. It is detached.</summary>
    Stopped,

    /// <summary>Reading it failed; <see cref="BpfProgramSession.Error"/> says why. It is detached, unless it is pinned.</summary>
    Failed,

    /// <summary>Attached and kept by its pins; this process does not collect its events.</summary>
    Pinned,

    /// <summary>Something on the BPF file system that is no program of Bee's, or one that cannot be read; <see cref="BpfProgramSession.Error"/> says why.</summary>
    Unknown,
}

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
/// A tool that runs in the background of this process. A reader thread buffers its events until the session is stopped.
/// Events that do not fit into the buffer are counted in <see cref="Dropped"/>.
/// </summary>
public sealed class BpfProgramSession
{
    private const int DefaultBuffer = 100_000;
    private static readonly TimeSpan s_stopTimeout = TimeSpan.FromSeconds(5);

    private readonly object _lossGate = new();
    private volatile BackgroundReader? _reader;
    private readonly HashSet<string> _suspicions = [];
    private readonly Dictionary<string, ulong> _reportedLost = [];
    private long _warnedAt, _reportedDropped;
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

    /// <summary>Creates a session for a pinned tool. Its maps are opened on first use, and its events are read after <see cref="Read"/>.</summary>
    internal BpfProgramSession(int id, PinnedProgram pinned)
    {
        Id = id;
        Pinned = pinned;
        Name = pinned.Details.Name;
        Image = pinned.Details.Origin;
        Tool = new ToolOrigin(pinned.Details.Name, pinned.Details.Origin);
        Started = pinned.Details.Started.ToLocalTime();
    }

    /// <summary>Creates a session in the state Unknown for a folder among the pins that is not a valid pinned session.</summary>
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

    /// <summary>The session's id, unique in this process, starting at 1.</summary>
    public int Id { get; }

    /// <summary>The name that was given at the start, or else that of the image or file.</summary>
    public string Name { get; }

    /// <summary>The image's reference, or the path of the file; empty if unknown.</summary>
    public string Image { get; }

    /// <summary>The session's state.</summary>
    public BpfProgramState State => _reader?.State ?? _unread;

    /// <summary>The time when the tool was attached, in local time.</summary>
    public DateTime Started { get; }

    /// <summary>The number of events and entries so far.</summary>
    public long Events => _reader?.Events ?? 0;

    /// <summary>The number of buffered events.</summary>
    public int Buffered => _reader?.Buffer.Count ?? 0;

    /// <summary>The number of events that the full buffer dropped.</summary>
    public long Dropped => _reader?.Buffer.Dropped ?? 0;

    /// <summary>The number of events that were lost because a ring or perf buffer was full; null if they are not counted.</summary>
    public ulong? Lost => _reader?.Lost;

    /// <summary>The highest observed fill level of the kernel's buffers, from 0 to 1; null if the session reads no buffer.</summary>
    public double? HighWater => _reader?.Streams.Max(stream => stream.HighWater);

    /// <summary>The status of the capture; null without a capture.</summary>
    public CaptureFile? Capture => _reader?.Capture?.Status;

    /// <summary>The loaded programs. Skipped programs are not included.</summary>
    public IReadOnlyList<BpfProgram> Programs
    {
        get
        {
            Open();
            return _programs;
        }
    }

    /// <summary>The session's maps.</summary>
    public IReadOnlyList<MapInfo> Maps
    {
        get
        {
            Open();
            return _maps;
        }
    }

    /// <summary>The error that ended the session, or null.</summary>
    public Exception? Error => _reader?.Error ?? _fault;

    /// <summary>The folder on the BPF file system that pins the session; null if it is not pinned.</summary>
    public string? PinPath => Pinned?.Folder ?? _folder;

    internal PinnedProgram? Pinned { get; }

    /// <summary>The runspace that started the session. The session stops when it closes.</summary>
    internal Guid Runspace { get; private set; }

    /// <summary>Whether events go to a capture only, and not to a buffer.</summary>
    internal bool OnlyCaptures => _reader is { Buffers: false };

    internal EventBuffer Buffer => _reader?.Buffer ?? EventBuffer.Ended;

    internal IReadOnlyList<RecordStream> Streams => _reader is { } reader ? reader.Streams : [];

    /// <summary>The measurements of the session; null if this process does not read it.</summary>
    internal SessionMeter? Meter => _reader?.Meter;

    /// <summary>The tool's name, image and author's metadata.</summary>
    internal ToolOrigin Tool { get; }

    /// <summary>Returns the notices about the maps and removes them.</summary>
    internal IReadOnlyList<string> TakeNotices() => _reader?.TakeNotices() ?? [];

    /// <summary>
    /// Returns what was dropped and lost since the last call: each loss is returned once.
    /// </summary>
    /// <param name="onlyDropped">Whether to return only losses of the session's buffer, and keep the kernel's for a later call.</param>
    /// <returns>One loss without a map for the session's buffer, and one for each map that lost events in the kernel. Usually empty.</returns>
    internal IReadOnlyList<PipelineLoss> TakeUnreportedLosses(bool onlyDropped)
    {
        lock (_lossGate)
        {
            var losses = new List<PipelineLoss>();
            long dropped = Dropped;
            if (dropped > _reportedDropped)
            {
                losses.Add(new PipelineLoss(LossReason.BufferFull, Tool.Name, null, dropped - _reportedDropped));
                _unwarned.Dropped += dropped - _reportedDropped;
                _reportedDropped = dropped;
            }

            foreach (RecordStream stream in onlyDropped ? [] : Streams)
            {
                if (stream.Lost is { } lost && lost - _reportedLost.GetValueOrDefault(stream.Name) is > 0 and var more)
                {
                    // The count comes from the program, so it can have any value.
                    long count = (long)Math.Min(more, long.MaxValue);
                    losses.Add(new PipelineLoss(LossReason.Kernel, Tool.Name, stream.Name, count));
                    _unwarned.Lost += Math.Min(count, long.MaxValue - _unwarned.Lost);
                    _reportedLost[stream.Name] = lost;
                }
            }

            return losses;
        }
    }

    /// <summary>
    /// Returns the total losses that <see cref="TakeUnreportedLosses"/> returned since the last warning. While the tool runs, returns zeros if the last warning is less than a second old.
    /// </summary>
    internal (long Dropped, long Lost) TakeUnwarnedLosses()
    {
        lock (_lossGate)
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

    /// <summary>Returns warnings about buffers that were found full and whose losses are not counted. Each one is returned once.</summary>
    internal IReadOnlyList<string> TakeSuspicions()
    {
        lock (_lossGate)
        {
            return [.. Streams.Select(LossCount.Suspicion).OfType<string>().Where(_suspicions.Add)];
        }
    }

    /// <summary>Starts reading the events of a pinned session, if this process does not read them yet. Events that are already available are in the buffer when it returns.</summary>
    /// <returns>True if the session has a buffer to receive from.</returns>
    /// <exception cref="PinException">Another process reads the events, or the pins were replaced.</exception>
    /// <exception cref="BpfLoadException">A ring or perf buffer cannot be mapped.</exception>
    internal bool Read()
    {
        lock (_gate)
        {
            if (_reader is not null || Pinned is null || _unread != BpfProgramState.Pinned)
            {
                return _reader is not null;
            }

            IDisposable lease = Pinned.Lock();
            EventReader? reader = null;
            try
            {
                OpenPins();
                var streams = Pinned.Details.Streams.ToHashSet(StringComparer.Ordinal);
                var containers = new SessionContainers(ContainerLimit.From(Pinned.Details.Limit), Name, Pinned.File, note: _ => { }, warn: _ => { })
                {
                    Kubernetes = Pinned.Details.PodMetadata ? SharedContainers.FindKubernetes() : null,
                };
                containers.Join(_session!, Pinned.Details.NoContainers ? () => null : SharedContainers.Take, CancellationToken.None);
                reader = _session!.OpenReader(new EventReaderOptions
                {
                    Select = map => streams.Contains(map.Name),
                    Interval = Pinned.Details.Interval,
                    AllEntries = Pinned.Details.AllEntries,
                    RepeatIterators = Pinned.Details.RepeatIterators,
                    Containers = containers.Resolver,
                    ShowsPods = containers.HasPods,
                    HasPodMetadata = containers.HasPodMetadata,
                    ContainerFilter = containers.RecordFilter,
                    Notices = containers.Notices,
                });
                var background = new BackgroundReader(_session, reader, Name, DefaultBuffer, 0, null) { Lease = lease };
                background.ReadOnce();
                Runspace = System.Management.Automation.Runspaces.Runspace.DefaultRunspace?.InstanceId ?? Guid.Empty;
                background.Start();
                background.WaitForIterators();
                _reader = background;
            }
            catch
            {
                reader?.Dispose();
                lease.Dispose();
                throw;
            }
        }

        RunningPrograms.Add(this, System.Management.Automation.Runspaces.Runspace.DefaultRunspace);
        return true;
    }

    /// <summary>Stops the session: detaches the tool, removes its pins, and waits for the reader thread. Buffered events can still be received.</summary>
    /// <returns>The kernel's ids of programs that stay loaded because another process has them open.</returns>
    /// <exception cref="PinException">The pins cannot be removed, or do not belong to Bee.</exception>
    internal IReadOnlyList<int> Stop()
    {
        if (_folder is not null)
        {
            throw _fault!;
        }

        Close(detach: true);
        return Pinned?.Remove(s_stopTimeout) ?? [];
    }

    /// <summary>Stops reading. A pinned session continues without this process.</summary>
    internal void Leave() => Close(detach: false);

    /// <inheritdoc/>
    public override string ToString() => Name;

    // If two sessions used the same path one after the other, each detaches only its own pins.
    private void Close(bool detach)
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
            _watch = PinWatch.Start(Pinned, () => Close(detach: true));
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
                    // Properties do not throw; the state reports the error.
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

/// <summary>The states of a background session.</summary>
public enum BpfProgramState
{
    /// <summary>The tool is attached, and its events are read.</summary>
    Running,

    /// <summary>The session reached its duration or number of events, or its iterators finished. The tool is detached.</summary>
    Completed,

    /// <summary>The session was stopped. The tool is detached.</summary>
    Stopped,

    /// <summary>Reading failed; see <see cref="BpfProgramSession.Error"/>. The tool is detached, unless it is pinned.</summary>
    Failed,

    /// <summary>The tool is attached and pinned, but this process does not read its events.</summary>
    Pinned,

    /// <summary>A folder among the pins that Bee did not create or cannot read; see <see cref="BpfProgramSession.Error"/>.</summary>
    Unknown,
}

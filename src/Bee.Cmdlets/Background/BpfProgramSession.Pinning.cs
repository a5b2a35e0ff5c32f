using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;

namespace Bee.Cmdlets;

/// <summary>Programs that live in pins, and how a session of either kind ends.</summary>
public sealed partial class BpfProgramSession
{
    private const int DefaultBuffer = 100_000;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly object _gate = new();
    private readonly string? _folder;
    private IReadOnlyList<BpfProgram> _programs = [];
    private IReadOnlyList<MapInfo> _maps = [];
    private BpfSession? _session;
    private IDisposable? _watch;
    private BpfProgramState _unread = BpfProgramState.Pinned;
    private Exception? _fault;

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

    /// <summary>The folder on the BPF file system that keeps it when this process ends; null where nothing does.</summary>
    public string? PinPath => Pinned?.Folder ?? _folder;

    internal PinnedProgram? Pinned { get; }

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
        _programs = session.Programs;
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

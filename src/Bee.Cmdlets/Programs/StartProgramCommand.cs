using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Metrics;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Tools;
using Bee.Cmdlets.Views;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Telemetry.Captures;

namespace Bee.Cmdlets.Programs;

/// <summary>Runs a tool in the background.</summary>
[Cmdlet(VerbsLifecycle.Start, "BeeProgram", DefaultParameterSetName = "Image", SupportsShouldProcess = true)]
[OutputType(typeof(BpfProgramSession))]
public sealed class StartProgramCommand : RunCmdlet
{
    /// <summary>The session's name. By default that of the image or the file, with a number appended if it is taken.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Name { get; set; }

    /// <summary>The number of events that are buffered until they are received. A full buffer drops the oldest. 100,000 by default.</summary>
    [Parameter]
    [ValidateRange(1, 100_000_000)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int BufferSize { get; set; } = 100_000;

    /// <summary>
    /// Pins the session, so that it survives this process: a name, for a folder in /sys/fs/bpf/bee, or the path of a new folder on a BPF file system.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? PinPath { get; set; }

    /// <summary>Buffers captured events for Receive-BeeEvent too.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private BeeMetricServer? _server;
    private bool _isJoined;
    private bool _hasCapture;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        Prepare();
        Guard(Target, () =>
        {
            CaptureOptions? capture = CheckCapture();
            if (capture is not null && _hasCapture)
            {
                throw new BeeInputException("CaptureTaken", $"'{capture.Path}' is already the capture of another tool that this command started.", "Start each tool with a command of its own and its own -Capture.");
            }

            if (Tools.Resolve(Program, Image) is { } tool)
            {
                Run(tool, new SessionFactory(SessionOptions, this, this), capture);
            }
        });
    }

    private void Run(Tool tool, SessionFactory factory, CaptureOptions? options)
    {
        factory.Describe(tool);
        string? folder = PinPath is null ? null : PinFolder(PinPath);
        if (!ShouldProcess(tool.Origin, "Start tool"))
        {
            return;
        }

        RunStatistics? statistics = TakeStatistics();
        BpfSession? session = null;
        EventReader? reader = null;
        BpfProgramSession? started = null;
        IDisposable? lease = null;
        CaptureWriter? capture = null;
        try
        {
            (session, reader) = factory.Start(tool);
            EventViews.Register(this, reader.Streams);
            StackNames.WarnIfHidden(this, reader.Streams);
            factory.WarnIfSilent(tool, reader);
            int id = RunningPrograms.NextId();
            string name = UniqueName(Name ?? Path.GetFileName(folder) ?? tool.Name);
            lease = folder is null ? null : Pin(session, reader, folder, name, tool.Origin);
            capture = CapturePath.Create(options, reader.Streams);
            var background = new BackgroundReader(session, reader, name, BufferSize, MaxEvents, Duration, statistics) { Lease = lease, Capture = capture, Buffers = capture is null || PassThru, KeepsLast = Metrics?.Export is not null };
            _hasCapture = capture is not null;
            Runspace? owner = Runspace.DefaultRunspace;
            started = new BpfProgramSession(id, name, tool.Identity, owner?.InstanceId ?? Guid.Empty, session, background);
            if (Metrics?.Export is { } export)
            {
                // Joined before the session can end, so that its last values are kept for the export.
                RunningExports.Join(export, started);
                _isJoined = true;
            }

            // Started before other runspaces can see the session and stop it. This runspace cannot close while the command runs.
            background.Start();
            statistics = null;
            RunningPrograms.Add(started, owner);
            Serve(started, owner);
        }
        catch
        {
            if (started is not null && Metrics?.Export is { } joined)
            {
                // If no other session uses the export, the command owns it again and ends it.
                _isJoined = RunningExports.Forget(joined, started) || _server is not null;
            }

            statistics?.Dispose();
            lease?.Dispose();
            reader?.Dispose();
            session?.ForgetPins();
            session?.Dispose();
            session?.Pinned?.Remove(TimeSpan.Zero);
            // Disposed last, because it may wait for the disk.
            capture?.Dispose();
            throw;
        }

        WriteObject(started);
    }

    // All tools that one command starts share one server and one export, which end with the last of them.
    private void Serve(BpfProgramSession started, Runspace? owner)
    {
        if (Metrics?.Listener is not { } listener)
        {
            return;
        }

        if (_server is null)
        {
            HashSet<BpfProgramSession> served = [];
            var metrics = new BackgroundMetrics(session => RunningServers.Serves(served, session), new MetricSettings());
            listener.Add(metrics);
            _server = new BeeMetricServer(RunningServers.NextId(), listener.Server, metrics, default, owner?.InstanceId ?? Guid.Empty) { Owners = served };
            RunningServers.Add(_server, owner);
        }

        RunningServers.Join(_server, started);
        _isJoined = true;
    }

    // Checked before anything is loaded, so that an unsuitable path is reported early.
    private string PinFolder(string given)
    {
        if (Duration is not null || MaxEvents > 0)
        {
            throw new BeeInputException("PinPathWithoutEnd", "-PinPath keeps a session until it is stopped, but -Duration and -MaxEvents would end it.", "Omit -PinPath, or omit the limits and end the session with Stop-BeeProgram.");
        }

        string folder = Bee.Ebpf.PinPath.Resolve(given[0] is '/' or '.' or '~' ? FullPath(given) : given);
        Bee.Ebpf.PinPath.CheckFree(folder);
        return folder;
    }

    private IDisposable Pin(BpfSession session, EventReader reader, string folder, string name, string origin)
    {
        PinnedProgram pinned = session.Pin(folder, new PinDetails
        {
            Name = name,
            Origin = origin,
            Started = DateTime.UtcNow,
            Streams = [.. reader.Streams.Where(stream => stream.Map is not null).Select(stream => stream.Name)],
            Interval = Interval,
            AllEntries = All,
            RepeatIterators = MyInvocation.BoundParameters.ContainsKey(nameof(Interval)),
            NoContainers = NoContainer,
            PodMetadata = PodMetadata,
            Limit = Limit?.ForPin(),
        });
        WriteNote($"Pinned in {folder}.");
        return pinned.Lock();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_isJoined)
        {
            // The server and the export continue with the sessions that joined them.
            Metrics?.Leave();
        }

        base.Dispose(disposing);
    }

    private static string UniqueName(string wanted)
    {
        HashSet<string> taken = [.. RunningPrograms.All().Select(session => session.Name)];
        string name = wanted;
        for (int number = 2; taken.Contains(name); number++)
        {
            name = $"{wanted}-{number}";
        }

        return name;
    }
}

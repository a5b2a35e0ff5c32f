using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Fleet;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Tools;
using Bee.Cmdlets.Views;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Telemetry.Captures;

namespace Bee.Cmdlets.Programs;

/// <summary>Runs a tool in the foreground and returns its events.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "BeeProgram", DefaultParameterSetName = "Image")]
[OutputType(typeof(BpfEvent), typeof(MapEntry), typeof(TraceLine), typeof(CaptureFile))]
public sealed class InvokeProgramCommand : RunCmdlet
{
    // What these do needs the session, or its streams, in this process.
    private static readonly HashSet<string> s_onlyHere = new(StringComparer.OrdinalIgnoreCase)
    {
        nameof(Statistics), nameof(MetricListen), nameof(OtlpEndpoint), nameof(OtlpHeader), nameof(OtlpInterval), nameof(OtlpProtocol), nameof(OtlpTemporality),
    };

    // All tools of a command share one capture.
    private CaptureWriter? _capture;
    private bool _hasReported;

    /// <summary>Writes captured events to the pipeline too.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>
    /// The hosts that run the tool, by ssh: host, user@host, host:port or user@host:port. The image is resolved and verified here, and sent to them; they need PowerShell and this module, but neither a registry nor a
    /// login for one. Without this parameter, the tool runs on this machine.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[]? HostName { get; set; }

    /// <summary>The user on the hosts, for those without one in -HostName. Named as in Invoke-Command.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? UserName { get; set; }

    /// <summary>The port of ssh on the hosts, for those without one in -HostName.</summary>
    [Parameter]
    [ValidateRange(1, ushort.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int? Port { get; set; }

    /// <summary>The file of the private key for the hosts. By default ssh chooses it.</summary>
    [Parameter]
    [Alias("IdentityFilePath")]
    [ValidateNotNullOrEmpty]
    public string? KeyFilePath { get; set; }

    /// <summary>Options of ssh: a hashtable of names and values as in ssh_config.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public IDictionary? Options { get; set; }

    /// <summary>The path of pwsh on the hosts. By default the environment variable BEE_REMOTE_PWSH, or else the pwsh on their PATH.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? PwshPath { get; set; }

    /// <summary>Starts PowerShell on the hosts with sudo, as root. sudo must not ask for a password there.</summary>
    [Parameter]
    public SwitchParameter Sudo { get; set; }

    /// <summary>How many hosts are logged in to at the same time. Hosts that run the tool do not count.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int ThrottleLimit { get; set; } = SshOptions.DefaultThrottle;

    /// <summary>The folder of this module on the hosts. By default the environment variable BEE_REMOTE_MODULE, or else the module Bee of their module path.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? ModulePath { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (HostName is { } hosts)
        {
            Guard(Target, () => RunOn(hosts));
            return;
        }

        Prepare();
        Guard(Target, () =>
        {
            CaptureOptions? options = _capture is null ? CheckCapture() : null;
            if (Tools.Resolve(Program, Image) is { } tool)
            {
                Run(tool, new SessionFactory(SessionOptions, this, this), options);
            }
        });
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        Metrics?.Finish(WriteWarning, Stop);
        Guard(Capture, Complete);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _capture?.Dispose();
        if (_capture is not null && !_hasReported)
        {
            _hasReported = true;
            CapturePath.WriteEnd(Host, _capture);
        }

        base.Dispose(disposing);
    }

    private void Complete()
    {
        if (_capture is not { Fault: null })
        {
            // Null if nothing is captured, or if the error of the capture was written before.
            return;
        }

        _hasReported = true;
        CaptureFile done = _capture.Complete();
        if (PassThru)
        {
            WriteNote(CapturePath.Describe(done));
        }
        else
        {
            WriteObject(done);
        }
    }

    private void RunOn(string[] names)
    {
        string[] local = [.. MyInvocation.BoundParameters.Keys.Where(name => s_onlyHere.Contains(name))];
        if (local.Length > 0)
        {
            throw new BeeInputException("ParametersExclude", $"-{local[0]} works only for a tool on this machine, not with -HostName.", "Omit it, or run the tool on each host itself.");
        }

        CheckLimit();
        // Before anything is pulled or compiled.
        CaptureOptions? options = _capture is null ? CheckCapture() : null;
        HostAddress[] hosts = [.. names.Select(HostAddress.Parse).DistinctBy(host => host.Name)];
        var ssh = SshOptions.From(UserName, Port, KeyFilePath is null ? null : FullPath(KeyFilePath), Options, PwshPath, ModulePath) with { Sudo = Sudo, Throttle = ThrottleLimit };
        if (ToolArchive.Of(Tools, Local, Verifier, Program, Image, FullPath) is not { } archive)
        {
            return;
        }

        var run = new RunParameters { Duration = Duration, MaxEvents = MaxEvents, MaxOverhead = MaxOverhead, Container = Container, Pod = Pod, Namespace = Namespace, PodMetadata = PodMetadata, NoContainer = NoContainer };
        Dictionary<string, object?> parameters = AgentParameters.Of(SessionOptions);
        foreach ((string name, object? value) in AgentParameters.Of(run))
        {
            parameters[name] = value;
        }

        parameters[RunParameters.RecordType] = RecordType;
        _capture ??= CapturePath.Create(options, []);
        using var fleet = new FleetRun(this, archive.Name, MaxEvents, _capture, PassThru);
        fleet.Run(hosts, ssh, new AgentRequest { Work = AgentWork.Run, Parameters = AgentParameters.Encode(parameters) }, archive);
    }

    private void Run(Tool tool, SessionFactory factory, CaptureOptions? options)
    {
        factory.Describe(tool);
        using RunStatistics statistics = TakeStatistics();
        // If the pipeline ends early, the next write of an object throws. The using statements then detach the tool.
        (BpfSession session, EventReader reader) = factory.Start(tool);
        using (session)
        using (reader)
        using (Metrics?.Serve(session, reader, tool.Identity, statistics.Counts))
        using (var end = CancellationTokenSource.CreateLinkedTokenSource(Stop, statistics.Exceeded))
        {
            statistics.Watch(session);
            EventViews.Register(this, reader.Streams);
            StackNames.WarnIfHidden(this, reader.Streams);
            factory.WarnIfSilent(tool, reader);
            _capture ??= CapturePath.Create(options, reader.Streams);
            CapturePath.NoteCounted(_capture, reader.Streams);
            var sink = new PipelineSink(this, CommandRuntime, tool.Name, MaxEvents);
            sink.Run(reader, Duration, end.Token, _capture is null ? sink : new CaptureSink(_capture, sink, PassThru, MaxEvents, end.Token));
            LossCount.Report(reader.Streams, this);
        }

        statistics.ThrowIfExceeded();
    }
}

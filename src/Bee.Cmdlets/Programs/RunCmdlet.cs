using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Metrics;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Tools;
using Bee.Posix;
using Bee.Telemetry.Captures;
using Bee.Telemetry.Otlp;

namespace Bee.Cmdlets.Programs;

/// <summary>The base of cmdlets that load and attach a tool: an image, an object file, or a C file that is compiled first.</summary>
public abstract class RunCmdlet : ProgramCmdlet
{
    private HostContainers? _containers;

    /// <summary>Include folders for a C file, searched before those in its bee.yaml.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] IncludePath { get; set; } = [];

    /// <summary>Values for the tool's parameters (its const volatile globals), by name.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(ParameterCompleter))]
    public IDictionary? Parameter { get; set; }

    /// <summary>
    /// Entries for the tool's maps, set after loading and before attaching: a hashtable of map names. Each value is a list of entries as for Set-BeeMapEntry,
    /// or a hashtable of keys and values.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(MapEntriesCompleter))]
    public IDictionary? MapEntry { get; set; }

    /// <summary>The sizes of maps, in entries, or in bytes for ring buffers: a hashtable of map names and numbers. Overrides the declaration and the author's metadata.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(MapSizeCompleter))]
    public IDictionary? MapSize { get; set; }

    /// <summary>
    /// Names of the maps to stream. A wildcard selects among the maps whose prefix makes them stream; a literal name can be any readable map.
    /// </summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProgramMapCompleter))]
    public string[]? Map { get; set; }

    /// <summary>
    /// The C types of records that no declaration names: a hashtable that maps ring buffers, perf buffers and iterators to structs.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(RecordTypeCompleter))]
    public IDictionary? RecordType { get; set; }

    /// <summary>
    /// Limits uprobe, uretprobe, usdt and perf_event links to one process. Other links see all processes; a tool can limit them only with a
    /// parameter of its own.
    /// </summary>
    [Parameter]
    [Alias("Pid")]
    [ValidateRange(1, int.MaxValue)]
    [ArgumentCompleter(typeof(ProcessCompleter))]
    public int? ProcessId { get; set; }

    /// <summary>The network interfaces for xdp, tc and socket programs, by name; wildcards match several.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(InterfaceCompleter))]
    public string[]? Interface { get; set; }

    /// <summary>The control group (v2) for cgroup programs: an absolute path, a path below the mount point of cgroup2, a process id, or a container's id.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public string? Cgroup { get; set; }

    /// <summary>The network namespace for sk_lookup programs and interfaces: a name from ip netns, a path, or a process id.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NetworkNamespaceCompleter))]
    public string? NetworkNamespace { get; set; }

    /// <summary>
    /// Limits the tool to containers with these names, or with these ids or the first 12 or more characters of them; wildcards are allowed. Containers that start later count too. The
    /// limit applies in the kernel if the object has a filter for it (bee_targeted_here, gadget_mntns_filter_map), and otherwise to the records before objects are made.
    /// </summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    public string[]? Container { get; set; }

    /// <summary>Limits the tool to the containers of Kubernetes pods with these names; wildcards are allowed.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PodCompleter))]
    public string[]? Pod { get; set; }

    /// <summary>Limits the tool to the containers of pods in these Kubernetes namespaces; wildcards are allowed.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public string[]? Namespace { get; set; }

    /// <summary>
    /// Asks the Kubernetes API for the owners and labels of pods: the properties owner and labels. Uses the service account of this pod, or the kubeconfig file of KUBECONFIG or ~/.kube/config.
    /// </summary>
    [Parameter]
    public SwitchParameter PodMetadata { get; set; }

    /// <summary>Does not look up the containers of events and entries.</summary>
    [Parameter]
    public SwitchParameter NoContainer { get; set; }

    /// <summary>
    /// Attach targets that override the programs' sections: a hashtable of programs and targets. $null skips a program, and $true loads one that its section
    /// marks as optional.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(ProgramTargetCompleter))]
    public IDictionary? AttachTo { get; set; }

    /// <summary>Names of programs to skip; wildcards are allowed.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProgramNameCompleter))]
    public string[]? Skip { get; set; }

    /// <summary>If two programs would count the same event twice, loads the one with typed arguments if the kernel can attach it, or else the other one.</summary>
    [Parameter]
    public SwitchParameter PreferTyped { get; set; }

    /// <summary>
    /// The poll interval of maps that are not event streams: a TimeSpan, a number of seconds, or text such as 200ms. One second by default. If it is set explicitly, iterators
    /// also run again at each interval.
    /// </summary>
    [Parameter]
    [Duration]
    [ArgumentCompleter(typeof(DurationCompleter))]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Returns every entry of the polled maps at every interval, not only those that changed.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <summary>Returns the lines that the tool's programs write with bpf_printk as events too. Omits lines of other programs.</summary>
    [Parameter]
    public SwitchParameter Trace { get; set; }

    /// <summary>Samples per second and CPU for perf_event programs on clocks and hardware events that specify neither frequency nor period. 99 by default.</summary>
    [Parameter]
    [ValidateRange(1, 100_000)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int SampleFrequency { get; set; } = 99;

    /// <summary>
    /// Ends after this time: a TimeSpan, a number of seconds, or text such as 500ms or 5m. The alias exists because -Timeout would otherwise be an abbreviation of the registry's -TimeoutSec.
    /// </summary>
    [Parameter]
    [Alias("Timeout")]
    [Duration]
    [ArgumentCompleter(typeof(DurationCompleter))]
    public TimeSpan? Duration { get; set; }

    /// <summary>Ends after this many events and entries.</summary>
    [Parameter]
    [Alias("Count")]
    [ValidateRange(1, long.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public long MaxEvents { get; set; }

    /// <summary>
    /// Serves the tool's metrics at this address and port, such as 127.0.0.1:9435 or 9435, while it runs. On addresses other than loopback, scrapers must send the token
    /// in the environment variable BEE_METRIC_TOKEN.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? MetricListen { get; set; }

    /// <summary>
    /// Counts the runs of the tool's programs and their run time, for its metrics. Meanwhile the kernel's statistics are on for all programs of the machine, which adds 20 to 100 ns
    /// to each run.
    /// </summary>
    [Parameter]
    public SwitchParameter Statistics { get; set; }

    /// <summary>
    /// Detaches the tool, with an error, if its programs use more than this percentage of the time of all online CPUs in three consecutive windows of one second: 1%, 0.5%. Implies
    /// -Statistics.
    /// </summary>
    [Parameter]
    [Percentage]
    [ArgumentCompleter(typeof(PercentageCompleter))]
    public double? MaxOverhead { get; set; }

    /// <summary>Writes the tool's events to this capture file, which Import-BeeEvent reads.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Capture { get; set; }

    /// <summary>The maximum size of a capture file, such as 100MB. After that a new file begins. The files are numbered: trace.1.beecap, trace.2.beecap.</summary>
    [Parameter]
    [ValidateRange(1 << 20, long.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public long? CaptureSize { get; set; }

    /// <summary>The number of capture files to keep. The oldest are deleted. By default all are kept.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int? CaptureFiles { get; set; }

    /// <summary>Replaces the capture if it exists.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>
    /// Exports the tool's metrics by OTLP over HTTP to this address while it runs. /v1/metrics is added to an address without a path. The value auto stands for the address
    /// in the OTEL_EXPORTER_OTLP_… variables, or http://localhost:4318.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(OtlpEndpointCompleter))]
    public string? OtlpEndpoint { get; set; }

    /// <summary>Headers for the OTLP receiver, such as tokens: a hashtable of names and values, which may be SecureStrings.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public IDictionary? OtlpHeader { get; set; }

    /// <summary>The OTLP encoding: Protobuf, the default, or Json.</summary>
    [Parameter]
    public OtlpProtocol OtlpProtocol { get; set; }

    /// <summary>Whether exported counters and histograms count from their start (Cumulative, the default) or from the previous export (Delta).</summary>
    [Parameter]
    public OtlpTemporality OtlpTemporality { get; set; }

    /// <summary>The time between two exports of metrics by OTLP, at least 100 ms: a TimeSpan, a number of seconds, or text such as 10s. One minute by default.</summary>
    [Parameter]
    [Duration]
    [ArgumentCompleter(typeof(DurationCompleter))]
    public TimeSpan OtlpInterval { get; set; } = TimeSpan.FromMinutes(1);

    private protected override string[] Includes => IncludePath;

    /// <summary>The destinations of metrics; null without -MetricListen and -OtlpEndpoint.</summary>
    private protected MetricOutputs? Metrics { get; private set; }

    private protected override IDictionary? RecordTypes => RecordType;

    /// <summary>The session options from the parameters.</summary>
    private protected SessionOptions SessionOptions => new()
    {
        Parameters = Parameter,
        MapEntries = MapEntry,
        MapSizes = MapSize,
        Maps = Map,
        ProcessId = ProcessId,
        Interfaces = Interface,
        Cgroup = Cgroup,
        NetworkNamespace = NetworkNamespace,
        AttachTo = AttachTo,
        Skip = Skip,
        PreferTyped = PreferTyped,
        Interval = Interval,
        AllEntries = All,
        RepeatIterators = All || MyInvocation.BoundParameters.ContainsKey(nameof(Interval)),
        Trace = Trace,
        SampleFrequency = MyInvocation.BoundParameters.ContainsKey(nameof(SampleFrequency)) ? SampleFrequency : null,
        Containers = _containers,
        Limit = Limit,
    };

    /// <summary>The containers that the tool is limited to; null for no limit.</summary>
    private protected ContainerLimit? Limit => ContainerLimit.From(Container, Pod, Namespace);

    /// <summary>
    /// Opens what takes time or may be in use, once: the port of -MetricListen, the export of -OtlpEndpoint, and, on another thread, the list of containers. Call it before anything is
    /// pulled, compiled or loaded.
    /// </summary>
    private protected void Prepare()
    {
        OpenMetrics();
        CheckLimit();
        try
        {
            _containers ??= NoContainer ? null : HostContainers.Open(PodMetadata, Stop);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
        catch (BeeException error)
        {
            ThrowTerminatingError(ErrorRecords.From(error, null));
        }
    }

    /// <summary>Ends the command if its parameters contradict each other.</summary>
    private protected void CheckLimit()
    {
        if (NoContainer && (Limit?.ToString() ?? (PodMetadata ? "-PodMetadata" : null)) is { } needs)
        {
            ThrowTerminatingError(ErrorRecords.From(new BeeInputException("ParametersExclude", $"-NoContainer does not look up containers, which {needs} needs.", "Omit one of them."), null));
        }
    }

    private void OpenMetrics() => Metrics ??= MetricOutputs.Open(this, MetricListen, new OtlpArguments
    {
        Endpoint = OtlpEndpoint,
        Header = OtlpHeader,
        Protocol = IsGiven(nameof(OtlpProtocol)) ? OtlpProtocol : null,
        Temporality = IsGiven(nameof(OtlpTemporality)) ? OtlpTemporality : null,
        Interval = IsGiven(nameof(OtlpInterval)) ? OtlpInterval : null,
    });

    /// <summary>Switches on the statistics for -Statistics and -MaxOverhead. Call it before anything is loaded, so that a missing privilege is reported early.</summary>
    private protected RunStatistics TakeStatistics() => new(Statistics, MaxOverhead);

    /// <summary>Returns the options of -Capture; null without it. Throws if the file cannot be written. Call it before anything is pulled, compiled or loaded.</summary>
    /// <exception cref="CaptureException">The file exists, or cannot be created.</exception>
    private protected CaptureOptions? CheckCapture()
    {
        if (Capture is null)
        {
            return CaptureSize is null && CaptureFiles is null ? null : throw CapturePath.Missing(CaptureSize is null ? nameof(CaptureFiles) : nameof(CaptureSize));
        }

        CaptureOptions options = CapturePath.Options(this, Capture, CaptureSize, CaptureFiles, Force, nameof(CaptureSize), nameof(CaptureFiles));
        CaptureWriter.Check(options);
        return options;
    }

    private bool IsGiven(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // After Ctrl+C and Select-Object -First, EndProcessing does not run and the streams are closed. The host's screen gets the report instead.
        Metrics?.Finish(text => Host?.UI?.WriteWarningLine(TerminalText.ShowLines(text)), CancellationToken.None);
        Metrics?.Dispose();
        _containers?.Dispose();
        base.Dispose(disposing);
    }
}

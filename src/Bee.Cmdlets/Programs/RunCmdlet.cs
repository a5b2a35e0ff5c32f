using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Metrics;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Tools;
using Bee.Posix;
using Bee.Telemetry.Captures;
using Bee.Telemetry.Otlp;

namespace Bee.Cmdlets.Programs;

/// <summary>A cmdlet that loads and attaches a program: an image, an object file, or a C file that is compiled first.</summary>
public abstract class RunCmdlet : ProgramCmdlet
{
    /// <summary>Folders with headers for a C file, searched before those of its bee.yaml.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] IncludePath { get; set; } = [];

    /// <summary>Values for the program's parameters (its const volatile globals), by name.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(ParameterCompleter))]
    public IDictionary? Parameter { get; set; }

    /// <summary>
    /// Entries for the program's maps, set after it is loaded and before it is attached: a hashtable of map names, each with entries as Set-BeeMapEntry takes
    /// them, or with a hashtable of keys and values.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(MapEntriesCompleter))]
    public IDictionary? MapEntry { get; set; }

    /// <summary>How many entries maps have, or ring buffers bytes: a hashtable of map names and numbers. It goes before the declaration and the author's metadata.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(MapSizeCompleter))]
    public IDictionary? MapSize { get; set; }

    /// <summary>
    /// Names of the maps to stream; wildcards choose among those that stream by their name's prefix, a literal name can be any map that
    /// can be read.
    /// </summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProgramMapCompleter))]
    public string[]? Map { get; set; }

    /// <summary>
    /// The C types of records that no declaration names: a hashtable of names of ring buffers, perf buffers and iterators, and of structs.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(RecordTypeCompleter))]
    public IDictionary? RecordType { get; set; }

    /// <summary>
    /// Narrows uprobe, uretprobe, usdt and perf_event links to one process. Other links see every process; a program that should not has a
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

    /// <summary>The control group (v2) for cgroup programs: a path, absolute or below where cgroup2 is mounted, a process id, or a container's id.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CgroupCompleter))]
    public string? Cgroup { get; set; }

    /// <summary>The network namespace for sk_lookup programs and interfaces: a name as ip netns has it, a path, or a process id.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NetworkNamespaceCompleter))]
    public string? NetworkNamespace { get; set; }

    /// <summary>
    /// What programs attach to instead of what their sections say: a hashtable of programs and targets. $null leaves a program out, and $true loads one that its section
    /// makes optional.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(ProgramTargetCompleter))]
    public IDictionary? AttachTo { get; set; }

    /// <summary>Names of programs that are left out; wildcards match several.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProgramNameCompleter))]
    public string[]? Skip { get; set; }

    /// <summary>Of two programs that would count the same thing twice, loads the one with typed arguments where the kernel attaches it, and the other one elsewhere.</summary>
    [Parameter]
    public SwitchParameter PreferTyped { get; set; }

    /// <summary>
    /// How often maps that are not event streams are read: a TimeSpan, a number of seconds, or text such as 200ms. One second by default. If it is given, iterators run
    /// again at each interval too.
    /// </summary>
    [Parameter]
    [Duration]
    [ArgumentCompleter(typeof(DurationCompleter))]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Gives every entry of the polled maps at every interval, not only those that changed.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <summary>Gives the lines that the tool's programs write with bpf_printk as events too, without those of other programs.</summary>
    [Parameter]
    public SwitchParameter Trace { get; set; }

    /// <summary>Samples a second and CPU for perf_event programs at clocks and hardware events that name neither frequency nor period. 99 by default.</summary>
    [Parameter]
    [ValidateRange(1, 100_000)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int SampleFrequency { get; set; } = 99;

    /// <summary>
    /// Ends after this time: a TimeSpan, a number of seconds, or text such as 500ms or 5m. Without the alias, -Timeout would be short for the registry's -TimeoutSec.
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
    /// Serves the metrics of the program at this address and port, as 127.0.0.1:9435 or 9435, for as long as it runs. For other addresses than loopback the environment
    /// variable BEE_METRIC_TOKEN has the token that scrapers send.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? MetricListen { get; set; }

    /// <summary>
    /// Counts the runs of the tool's programs and their time while it runs, for its metrics. The kernel's statistics are on for all programs of the machine meanwhile, and cost each of their
    /// runs some 20 to 100 ns.
    /// </summary>
    [Parameter]
    public SwitchParameter Statistics { get; set; }

    /// <summary>
    /// Detaches the tool, with an error, when its programs run for more than this percentage of the time of all online CPUs in three consecutive windows of a second: 1%, 0.5%. Implies
    /// -Statistics.
    /// </summary>
    [Parameter]
    [Percentage]
    [ArgumentCompleter(typeof(PercentageCompleter))]
    public double? MaxOverhead { get; set; }

    /// <summary>Writes what the tool reports to this capture file, which Import-BeeEvent reads.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Capture { get; set; }

    /// <summary>The bytes of a file of the capture, as 100MB: after that the next one is begun. The names of the files get numbers: trace.1.beecap, trace.2.beecap.</summary>
    [Parameter]
    [ValidateRange(1 << 20, long.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public long? CaptureSize { get; set; }

    /// <summary>How many files of the capture are kept; the oldest are removed. Without it all are kept.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int? CaptureFiles { get; set; }

    /// <summary>Replaces the capture if it exists.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>
    /// Exports the metrics of the program by OTLP over HTTP to this address for as long as it runs. An address without a path gets /v1/metrics, another is used as it is; auto takes the address
    /// of the variables OTEL_EXPORTER_OTLP_…, or http://localhost:4318.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(OtlpEndpointCompleter))]
    public string? OtlpEndpoint { get; set; }

    /// <summary>Headers for the receiver of OTLP, such as tokens: a hashtable of names and values, which may be SecureStrings.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public IDictionary? OtlpHeader { get; set; }

    /// <summary>How OTLP is encoded: Protobuf, which is the default, or Json.</summary>
    [Parameter]
    public OtlpProtocol OtlpProtocol { get; set; }

    /// <summary>Whether exported counters and histograms count from their start (Cumulative, the default) or from the export before (Delta).</summary>
    [Parameter]
    public OtlpTemporality OtlpTemporality { get; set; }

    /// <summary>The time between two exports of metrics by OTLP, 100 ms at least: a TimeSpan, a number of seconds, or text such as 10s. One minute by default.</summary>
    [Parameter]
    [Duration]
    [ArgumentCompleter(typeof(DurationCompleter))]
    public TimeSpan OtlpInterval { get; set; } = TimeSpan.FromMinutes(1);

    private protected override string[] Includes => IncludePath;

    /// <summary>Where metrics go; null without -MetricListen and -OtlpEndpoint.</summary>
    private protected MetricOutputs? Metrics { get; private set; }

    private protected override IDictionary? RecordTypes => RecordType;

    /// <summary>How sessions are made, as the parameters say.</summary>
    private protected SessionOptions Options => new()
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
    };

    /// <summary>
    /// Takes the port of -MetricListen and starts the export of -OtlpEndpoint, once. Call it before anything is pulled, compiled or loaded: a port that is taken costs nothing then.
    /// </summary>
    private protected void OpenMetrics() => Metrics ??= MetricOutputs.Open(this, MetricListen, new OtlpArguments
    {
        Endpoint = OtlpEndpoint,
        Header = OtlpHeader,
        Protocol = IsGiven(nameof(OtlpProtocol)) ? OtlpProtocol : null,
        Temporality = IsGiven(nameof(OtlpTemporality)) ? OtlpTemporality : null,
        Interval = IsGiven(nameof(OtlpInterval)) ? OtlpInterval : null,
    });

    /// <summary>Switches on what -Statistics and -MaxOverhead need. Call it before anything is loaded: without the right to do so it is refused.</summary>
    private protected RunStatistics TakeStatistics() => new(Statistics, MaxOverhead);

    /// <summary>Where -Capture writes; null without it. Refuses a path that cannot be written. Call it before anything is pulled, compiled or loaded.</summary>
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
        base.Dispose(disposing);
    }
}

using System.Collections;
using System.Management.Automation;
using Bee.Ebpf;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Cmdlets;

/// <summary>A cmdlet that loads and attaches a program: an image, an object file, or a C file that is compiled first.</summary>
public abstract class RunCmdlet : ProgramCmdlet
{
    /// <summary>Values for the program's parameters (its const volatile globals), by name.</summary>
    [Parameter]
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
    /// Narrows uprobe, uretprobe, usdt and perf_event links to one process. Other links see every process; a program that should not has a
    /// parameter of its own.
    /// </summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
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

    /// <summary>What programs attach to instead of what their sections say: a hashtable of programs and targets.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(ProgramTargetCompleter))]
    public IDictionary? AttachTo { get; set; }

    /// <summary>
    /// How often maps that are no event streams are read: a TimeSpan, a number of seconds, or text such as 200ms. One second by default. If it is given, iterators run
    /// again at each interval too.
    /// </summary>
    [Parameter]
    [Duration]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Gives every entry of the polled maps at every interval, not only those that changed.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <summary>Gives the lines that the tool's programs write with bpf_printk as events too, without those of other programs.</summary>
    [Parameter]
    public SwitchParameter Trace { get; set; }

    /// <summary>Samples a second and CPU for perf_event programs. 99 by default.</summary>
    [Parameter]
    [ValidateRange(1, 100_000)]
    public int SampleFrequency { get; set; } = 99;

    /// <summary>
    /// Ends after this time: a TimeSpan, a number of seconds, or text such as 500ms or 5m. Without the alias, -Timeout would be short for the registry's -TimeoutSec.
    /// </summary>
    [Parameter]
    [Alias("Timeout")]
    [Duration]
    public TimeSpan? Duration { get; set; }

    /// <summary>Ends after this many events and entries.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long MaxEvents { get; set; }

    /// <summary>
    /// Serves the metrics of the program at this address and port, as 127.0.0.1:9435 or 9435, for as long as it runs. For other addresses than loopback the environment
    /// variable BEE_METRIC_TOKEN has the token that scrapers send.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? MetricListen { get; set; }

    /// <summary>The server of -MetricListen; null without it. The owner that takes it over sets it to null.</summary>
    private protected MetricListener? Metrics { get; set; }

    /// <summary>Whether iterators run again at each interval: they do if the caller gives an interval.</summary>
    private protected bool RepeatsIterators => MyInvocation.BoundParameters.ContainsKey(nameof(Interval));

    /// <summary>Whether every reading of a map gives all entries.</summary>
    private protected virtual bool ReadsAllEntries => All;

    /// <summary>Runs one program.</summary>
    private protected abstract void Run(ProgramInput input);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (MetricListen is not null)
        {
            // Before anything is pulled, compiled or loaded: a port that is taken costs nothing then.
            Metrics ??= MetricListener.Start(this, MetricListen, new MetricAccess());
        }

        Guard(Target, () =>
        {
            if (Find() is { } input)
            {
                WarnOfUnusedOptions(input);
                Tell($"{input.Origin}: {input.File.Programs.Count} programs, {input.File.Maps.Count(map => !map.IsInternal)} maps.");
                Run(input);
            }
        });
    }

    /// <inheritdoc/>
    private protected override Image Checked(Image image) =>
        image is { Problem: null, Platform: { } platform } && !PlatformChoice.Fits(platform, Platform.Host)
            ? throw new BeeInputException(
                "OtherPlatform",
                $"{image.Reference} is for {platform}, and this is {Platform.Host}: what it takes out of registers would not be what it means.",
                ImageNames.PlatformRemedy(image, platform))
            : base.Checked(image);

    /// <summary>Loads a program and opens a reader, attaches it, and makes views for what it will give.</summary>
    /// <remarks>The caller disposes both; when this throws nothing is left.</remarks>
    private protected (BpfSession Session, EventReader Reader) Attach(ProgramInput input)
    {
        var log = new LibbpfLog();
        var warnings = new List<string>();
        BpfSession? session = null;
        EventReader? reader = null;
        try
        {
            var entries = MapEntryValues.From(MapEntry, input.File);
            session = BpfSession.Load(input.File, new BpfSessionOptions
            {
                Parameters = ParameterValues.From(Parameter, input.File),
                ProcessId = ProcessId,
                Interfaces = Interface ?? [],
                Cgroup = Cgroup is { } cgroup && (cgroup[0] is '~' || cgroup is "." or ".." || cgroup.StartsWith("./", StringComparison.Ordinal) || cgroup.StartsWith("../", StringComparison.Ordinal)) ? FullPath(cgroup) : Cgroup,
                // A path is meant from the session's location, which is not the process's.
                NetworkNamespace = NetworkNamespace is { } space && (space.Contains('/') || space[0] is '~') ? FullPath(space) : NetworkNamespace,
                AttachTo = AttachTargets.From(AttachTo, input.File),
                ResolvePath = (program, path) => ResolveTarget(input, program, path, isGiven: AttachTargets.Names(AttachTo, program)),
                SampleFrequency = SampleFrequency,
                Warn = warnings.Add,
                Log = log.Add,
            });
            Tell($"Loaded {string.Join(", ", session.Programs.Select(program => $"{program.Name} (id {program.Id})"))}.");
            reader = session.OpenReader(new EventReaderOptions
            {
                Select = MapSelection.From(Map, input.File),
                Interval = Interval,
                AllEntries = ReadsAllEntries,
                RepeatIterators = RepeatsIterators || All,
                TraceLines = Trace && TraceCalls.In(input.File).Count > 0,
            });
            entries.Apply(session);
            session.Attach();
            Tell($"Attached {string.Join(", ", input.File.Programs.Select(program => program.SectionName))}.");
            log.WriteTo(this);
            warnings.ForEach(WriteWarning);
            foreach (PresentationFault fault in input.Said.Check(input.File))
            {
                Tell($"Passed over what {input.Name} says of {fault.Place}: {fault.Message}");
            }

            return (session, reader);
        }
        catch
        {
            // Written after the native call has returned: a Debug stream set to stop would throw through its frames.
            reader?.Dispose();
            session?.Dispose();
            log.WriteTo(this);
            throw;
        }
    }

    /// <summary>Serves the metrics of a session that this command reads, until the result is disposed of. Call it before the reader runs.</summary>
    /// <returns>What ends it; null without -MetricListen.</returns>
    private protected IDisposable? Measure(ProgramInput input, BpfSession session, EventReader reader) =>
        Metrics is null ? null : new ServedSession(Metrics, session, reader, input.Tool);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Metrics?.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Says what would otherwise look like a program that sees nothing.</summary>
    private protected void WarnIfSilent(ProgramInput input, EventReader reader)
    {
        if (reader.Streams.Count == 0)
        {
            string maps = string.Join(", ", input.File.Maps.Where(map => !map.IsInternal).Select(map => map.Name));
            WriteWarning($"{input.Name} streams nothing: no map is chosen whose name begins with print_, counter_, gauge_ or hist_."
                + (maps.Length > 0 ? $" -Map can name one of its maps: {maps}." : string.Empty)
                + (TraceCalls.In(input.File).Count > 0 ? " It writes trace lines with bpf_printk; -Trace shows them." : string.Empty));
        }
    }

    private void WarnOfUnusedOptions(ProgramInput input)
    {
        foreach (string warning in UnusedOptions.Of(this, input))
        {
            WriteWarning(warning);
        }
    }
}

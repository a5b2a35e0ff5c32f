using System.Collections;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Tools;
using Bee.Ebpf;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Cmdlets.Sessions;

/// <summary>How to load, attach and read a tool, as the user specified it.</summary>
internal sealed record SessionOptions
{
    /// <summary>Values for the tool's parameters, by name.</summary>
    public IDictionary? Parameters { get; init; }

    /// <summary>Entries for maps, by the map's name.</summary>
    public IDictionary? MapEntries { get; init; }

    /// <summary>The sizes of maps, by the map's name.</summary>
    public IDictionary? MapSizes { get; init; }

    /// <summary>Names and patterns of the maps to stream; null for the maps whose prefix makes them stream.</summary>
    public string[]? Maps { get; init; }

    /// <summary>The process to which uprobe, uretprobe, usdt and perf_event links are limited.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Names and patterns of network interfaces.</summary>
    public string[]? Interfaces { get; init; }

    /// <summary>The control group for cgroup programs.</summary>
    public string? Cgroup { get; init; }

    /// <summary>The network namespace for sk_lookup programs and interfaces.</summary>
    public string? NetworkNamespace { get; init; }

    /// <summary>Attach targets, by the program's name.</summary>
    public IDictionary? AttachTo { get; init; }

    /// <summary>Names and patterns of programs to skip.</summary>
    public string[]? Skip { get; init; }

    /// <summary>Whether to load, of two programs that count the same event, only the one with typed arguments.</summary>
    public bool PreferTyped { get; init; }

    /// <summary>The time between two readings of a map.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether each reading of a map returns all entries.</summary>
    public bool AllEntries { get; init; }

    /// <summary>Whether iterators run again at each interval.</summary>
    public bool RepeatIterators { get; init; }

    /// <summary>Whether to read the lines of bpf_printk too.</summary>
    public bool Trace { get; init; }

    /// <summary>Samples per second and CPU for perf_event programs; null for the default.</summary>
    public int? SampleFrequency { get; init; }

    /// <summary>The containers of this host, from which events get their names; null for no names.</summary>
    public HostContainers? Containers { get; init; }

    /// <summary>The containers that the tool is limited to; null for no limit.</summary>
    public ContainerLimit? Limit { get; init; }
}

/// <summary>Creates sessions from tools: loads them, sets map entries, and attaches.</summary>
/// <param name="options">The options.</param>
/// <param name="location">Resolves relative paths.</param>
/// <param name="streams">Receives notes, warnings and libbpf's log.</param>
internal sealed class SessionFactory(SessionOptions options, ISessionLocation location, ICmdletStreams streams)
{
    private const string SyscallKind = "syscall";

    /// <summary>Warns of options that no program of a tool uses, and of records without a type. Writes a note about the tool.</summary>
    public void Describe(Tool tool)
    {
        foreach (string warning in UnusedOptions(tool))
        {
            streams.WriteWarning(warning);
        }

        Func<MapDescription, bool> isChosen = ObjectNames.MapChoice(options.Maps, tool.File);
        UntypedRecords[] untyped = [.. UntypedRecords.In(tool.File).Where(records => tool.File.Maps.FirstOrDefault(map => map.Name == records.Name) is not { } map || isChosen(map))];
        if (untyped.Length > 0)
        {
            streams.WriteWarning(UntypedText.Warning(untyped, tool.SourceTypes?.Value));
        }

        streams.WriteNote($"{tool.Origin}: {Quantity.Of(tool.File.Programs.Count, "program")}, {Quantity.Of(tool.File.Maps.Count(map => !map.IsInternal), "map")}.");
    }

    /// <summary>Loads a tool, opens its reader, sets the entries of its maps, and attaches it.</summary>
    /// <returns>The session and its reader. The caller disposes both. If the method throws, nothing stays loaded.</returns>
    /// <exception cref="BeeInputException">An option names a part that the tool does not have.</exception>
    /// <exception cref="BpfLoadException">The tool cannot be loaded or attached.</exception>
    public (BpfSession Session, EventReader Reader) Start(Tool tool)
    {
        if (tool.File.Programs.Where(program => program.AutoLoad).ToArray() is { Length: > 0 } loaded && Array.TrueForAll(loaded, program => program.Kind == SyscallKind))
        {
            throw new BeeInputException("NothingToAttach", $"{tool.Name} has only syscall programs ({string.Join(", ", loaded.Select(program => program.Name))}), which no event triggers, so the run would wait forever.", "Run such a program with Test-BeeProgram, and pass its argument with -Context.");
        }

        // Collected, and written after libbpf has returned: writing to a stream can throw, which must not happen through native frames.
        var lines = new List<string>();
        var warnings = new List<string>();
        var notes = new List<string>();
        BpfSession? session = null;
        EventReader? reader = null;
        try
        {
            var entries = MapEntryValues.From(options.MapEntries, tool.File);
            var containers = new SessionContainers(options.Limit, tool.Name, tool.File, streams.WriteNote, streams.WriteWarning)
            {
                Kubernetes = options.Containers?.Kubernetes,
                ShowsNotes = streams.ShowsNotes,
            };
            session = BpfSession.Load(tool.File, LoadOptions(tool, warnings.Add, notes.Add, lines.Add));
            notes.ForEach(streams.WriteNote);
            if (session.Programs.All(program => program.Id == 0))
            {
                throw new BeeInputException("NothingToAttach", $"All programs of {tool.Name} are optional or skipped, so no program would be loaded.", "Load an optional program with -AttachTo @{ program = $true }.");
            }

            WarnOfTwins(session.File);
            streams.WriteNote($"Loaded {string.Join(", ", session.Programs.Where(program => program.Id != 0).Select(program => $"{program.Name} (id {program.Id})"))}.");
            containers.Join(session, () => options.Containers?.Take(streams.Stop), streams.Stop);
            reader = session.OpenReader(new EventReaderOptions
            {
                Select = ObjectNames.MapChoice(options.Maps, tool.File),
                Interval = options.Interval,
                AllEntries = options.AllEntries,
                RepeatIterators = options.RepeatIterators,
                TraceLines = options.Trace && TraceCalls.In(tool.File).Count > 0,
                Containers = containers.Resolver,
                ShowsPods = containers.HasPods,
                HasPodMetadata = containers.HasPodMetadata,
                ContainerFilter = containers.RecordFilter,
                Notices = containers.Notices,
            });
            containers.Check(reader.Streams);
            entries.Apply(session);
            session.Attach();
            streams.WriteNote($"Attached {string.Join(", ", session.Programs.Where(program => program.Id != 0).Select(program => program.SectionName))}.");
            WriteLines(lines);
            warnings.ForEach(streams.WriteWarning);
            foreach (MetadataFault fault in MetadataCheck.Check(tool.Metadata, tool.File))
            {
                streams.WriteNote($"Ignored the metadata of {tool.Name} for {fault.Place}: {fault.Message}");
            }

            return (session, reader);
        }
        catch
        {
            reader?.Dispose();
            session?.Dispose();
            WriteLines(lines);
            throw;
        }
    }

    /// <summary>Loads one program of a tool for a test run, and sets the entries of its maps.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="program">The program's name; null for the only one that can be tested.</param>
    /// <exception cref="BeeInputException">An option names a part that the tool does not have, or there are several programs to choose from.</exception>
    /// <exception cref="BpfLoadException">The program cannot be loaded.</exception>
    /// <exception cref="BpfTestException">The kernel cannot run this kind of program on given input.</exception>
    public ProgramTest LoadForTest(Tool tool, string? program)
    {
        var lines = new List<string>();
        ProgramTest? test = null;
        try
        {
            var entries = MapEntryValues.From(options.MapEntries, tool.File);
            test = ProgramTest.Load(tool.File, ObjectNames.TestedProgram(program, tool.File), LoadOptions(tool, warn: _ => { }, note: _ => { }, lines.Add), options.Trace && TraceCalls.In(tool.File).Count > 0);
            entries.Apply(test.Session);
            streams.WriteNote($"Loaded {string.Join(", ", test.Session.Programs.Where(loaded => loaded.Id != 0).Select(loaded => $"{loaded.Name} (id {loaded.Id})"))}.");
            WriteLines(lines);
            return test;
        }
        catch
        {
            test?.Dispose();
            WriteLines(lines);
            throw;
        }
    }

    /// <summary>Warns if a tool has no streams. Otherwise it would look as if nothing happened.</summary>
    public void WarnIfSilent(Tool tool, EventReader reader)
    {
        if (reader.Streams.Count == 0)
        {
            string maps = string.Join(", ", tool.File.Maps.Where(map => !map.IsInternal && !map.IsOfHeader).Select(map => map.Name));
            streams.WriteWarning($"{tool.Name} has nothing to stream: no selected map has a name that begins with print_, counter_, gauge_ or hist_."
                + (maps.Length > 0 ? $" Select one of its maps with -Map: {maps}." : string.Empty)
                + (TraceCalls.In(tool.File).Count > 0 ? " It writes trace lines with bpf_printk, which -Trace shows." : string.Empty));
        }
    }

    private BpfSessionOptions LoadOptions(Tool tool, Action<string> warn, Action<string> note, Action<string> log)
    {
        IReadOnlyDictionary<string, ProgramMetadata> programs = ObjectNames.Programs(options.AttachTo, tool.File);
        var load = programs.Where(program => program.Value.Load is not null).ToDictionary(program => program.Key, program => program.Value.Load!.Value);
        foreach (string skipped in ObjectNames.Skipped(options.Skip, tool.File))
        {
            load[skipped] = false;
        }

        return new()
        {
            Parameters = ObjectNames.Parameters(options.Parameters, tool.File),
            MapSizes = ObjectNames.MapSizes(options.MapSizes, tool.File),
            ProcessId = options.ProcessId,
            Interfaces = options.Interfaces ?? [],
            Cgroup = options.Cgroup is { } cgroup && (cgroup[0] is '~' || cgroup is "." or ".." || cgroup.StartsWith("./", StringComparison.Ordinal) || cgroup.StartsWith("../", StringComparison.Ordinal)) ? location.FullPath(cgroup) : options.Cgroup,
            // A relative path starts at the session's location, which differs from the process's.
            NetworkNamespace = options.NetworkNamespace is { } space && (space.Contains('/') || space[0] is '~') ? location.FullPath(space) : options.NetworkNamespace,
            AttachTo = programs.Where(program => program.Value.AttachTo is not null).ToDictionary(program => program.Key, program => program.Value.AttachTo!),
            Load = load,
            PreferTyped = options.PreferTyped,
            OnlyTargets = options.Limit is not null,
            ResolvePath = (program, path) => tool.ResolveTarget(program, path, isGiven: ObjectNames.HasTarget(options.AttachTo, program), location),
            SampleFrequency = options.SampleFrequency,
            Warn = warn,
            Note = note,
            Log = log,
        };
    }

    private void WarnOfTwins(ObjectFile file)
    {
        IReadOnlyList<TwinPrograms> twins = TwinPrograms.Find(file);
        if (twins.Count > 0)
        {
            streams.WriteWarning($"{string.Join("; ", twins.Select(two => $"{two} both run at {two.Place}"))}: each event is counted twice. "
                + $"Use -PreferTyped to load the better one, or -Skip {string.Join(',', twins.SelectMany(two => two.Programs.Skip(1)).Select(program => program.Name).Distinct())} to skip the other.");
        }
    }

    private void WriteLines(List<string> lines)
    {
        string[] written = [.. lines];
        lines.Clear();
        Array.ForEach(written, streams.WriteDebug);
    }

    private IEnumerable<string> UnusedOptions(Tool tool)
    {
        ProgramKind[] kinds = [.. tool.File.Programs.Where(program => program.AutoLoad || ObjectNames.HasTarget(options.AttachTo, program.Name)).Select(program => ProgramKinds.Find(program.Kind)).OfType<ProgramKind>()];
        if (options.ProcessId is { } process && !kinds.Any(kind => kind.NarrowsToProcess))
        {
            string parameters = string.Join(", ", tool.File.Parameters.Select(parameter => parameter.Name));
            yield return $"-ProcessId {process} has no effect: {tool.Name} has no uprobe, uretprobe, usdt or perf_event program."
                + (parameters.Length > 0 ? $" If one of its parameters selects a process, use -Parameter. The parameters are: {parameters}." : string.Empty);
        }

        if (options.Interfaces is { } interfaces && !kinds.Any(kind => kind.NeedsInterface))
        {
            yield return $"-Interface {string.Join(',', interfaces)} has no effect: {tool.Name} has no xdp, tc or socket program.";
        }

        if (options.Cgroup is { } cgroup && !kinds.Any(kind => kind.NeedsCgroup))
        {
            yield return $"-Cgroup {cgroup} has no effect: {tool.Name} has no cgroup program, and other programs cannot be limited to a control group.";
        }

        if (options.NetworkNamespace is { } space && !kinds.Any(kind => kind.NeedsNetworkNamespace || kind.NeedsInterface))
        {
            yield return $"-NetworkNamespace {space} has no effect: {tool.Name} has no sk_lookup, xdp, tc or socket program.";
        }

        if (options.Trace && TraceCalls.In(tool.File).Count == 0)
        {
            yield return $"-Trace has no effect: no program of {tool.Name} calls bpf_printk.";
        }

        foreach (DictionaryEntry given in options.AttachTo ?? new Hashtable())
        {
            ProgramDescription? program = tool.File.Programs.FirstOrDefault(program => program.Name.Equals($"{given.Key}", StringComparison.OrdinalIgnoreCase));
            if (PlainValue.Of(given.Value) is not (null or bool) && program is not null && ProgramKinds.Find(program.Kind) is { Target: AttachTarget.None })
            {
                yield return $"-AttachTo {program.Name} has no effect: a {program.Kind} program has no attach target.";
            }
        }
    }
}

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

/// <summary>How a tool is loaded, attached and read, as a user gives it.</summary>
internal sealed record SessionOptions
{
    /// <summary>Values for the tool's parameters, by name.</summary>
    public IDictionary? Parameters { get; init; }

    /// <summary>Entries for maps, by the map's name.</summary>
    public IDictionary? MapEntries { get; init; }

    /// <summary>How many entries maps have, by the map's name.</summary>
    public IDictionary? MapSizes { get; init; }

    /// <summary>Names and patterns of the maps to stream; null for those that stream by their name's prefix.</summary>
    public string[]? Maps { get; init; }

    /// <summary>The process that uprobe, uretprobe, usdt and perf_event links are narrowed to.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Names and patterns of network interfaces.</summary>
    public string[]? Interfaces { get; init; }

    /// <summary>The control group for cgroup programs.</summary>
    public string? Cgroup { get; init; }

    /// <summary>The network namespace for sk_lookup programs and interfaces.</summary>
    public string? NetworkNamespace { get; init; }

    /// <summary>Attach targets, by the program's name.</summary>
    public IDictionary? AttachTo { get; init; }

    /// <summary>Names and patterns of programs that are left out.</summary>
    public string[]? Skip { get; init; }

    /// <summary>Whether of two programs that count the same thing the one with typed arguments is loaded.</summary>
    public bool PreferTyped { get; init; }

    /// <summary>The time between two readings of a map.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether each reading of a map gives all entries.</summary>
    public bool AllEntries { get; init; }

    /// <summary>Whether iterators run again at each interval.</summary>
    public bool RepeatIterators { get; init; }

    /// <summary>Whether the lines of bpf_printk are read too.</summary>
    public bool Trace { get; init; }

    /// <summary>Samples a second and CPU for perf_event programs; null for the default.</summary>
    public int? SampleFrequency { get; init; }
}

/// <summary>Makes sessions of tools: loads, sets entries, attaches.</summary>
/// <param name="options">How.</param>
/// <param name="location">Where relative paths are meant from.</param>
/// <param name="streams">Where notes, warnings and libbpf's lines are written.</param>
internal sealed class SessionFactory(SessionOptions options, ISessionLocation location, ICmdletStreams streams)
{
    private const string SyscallKind = "syscall";

    /// <summary>Warns of options that no program of a tool makes use of, and of records without a type; notes what the tool is.</summary>
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
    /// <returns>The session and its reader. The caller disposes both; when this throws nothing is left.</returns>
    /// <exception cref="BeeInputException">An option names what the tool does not have.</exception>
    /// <exception cref="BpfLoadException">The tool cannot be loaded or attached.</exception>
    public (BpfSession Session, EventReader Reader) Start(Tool tool)
    {
        if (tool.File.Programs.Where(program => program.AutoLoad).ToArray() is { Length: > 0 } loaded && Array.TrueForAll(loaded, program => program.Kind == SyscallKind))
        {
            throw new BeeInputException("NothingToAttach", $"{tool.Name} has only syscall programs ({string.Join(", ", loaded.Select(program => program.Name))}), which no event runs: it would wait for ever.", "Test-BeeProgram runs such a program, with -Context for its argument, and gives what it returned.");
        }

        // Written after libbpf has returned: writing to a stream can throw, and must not do so through native frames.
        var lines = new List<string>();
        var warnings = new List<string>();
        var notes = new List<string>();
        BpfSession? session = null;
        EventReader? reader = null;
        try
        {
            var entries = MapEntryValues.From(options.MapEntries, tool.File);
            session = BpfSession.Load(tool.File, LoadOptions(tool, warnings.Add, notes.Add, lines.Add));
            notes.ForEach(streams.WriteNote);
            if (session.Programs.All(program => program.Id == 0))
            {
                throw new BeeInputException("NothingToAttach", $"No program of {tool.Name} is loaded, since each is optional or left out: it would wait for ever.", "-AttachTo @{ program = $true } loads an optional program.");
            }

            WarnOfTwins(session.File);
            streams.WriteNote($"Loaded {string.Join(", ", session.Programs.Where(program => program.Id != 0).Select(program => $"{program.Name} (id {program.Id})"))}.");
            reader = session.OpenReader(new EventReaderOptions
            {
                Select = ObjectNames.MapChoice(options.Maps, tool.File),
                Interval = options.Interval,
                AllEntries = options.AllEntries,
                RepeatIterators = options.RepeatIterators,
                TraceLines = options.Trace && TraceCalls.In(tool.File).Count > 0,
            });
            entries.Apply(session);
            session.Attach();
            streams.WriteNote($"Attached {string.Join(", ", session.Programs.Where(program => program.Id != 0).Select(program => program.SectionName))}.");
            WriteLines(lines);
            warnings.ForEach(streams.WriteWarning);
            foreach (MetadataFault fault in MetadataCheck.Check(tool.Metadata, tool.File))
            {
                streams.WriteNote($"Passed over what {tool.Name} says of {fault.Place}: {fault.Message}");
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

    /// <summary>Loads one program of a tool to be run on given input, and sets the entries of its maps.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="program">The program's name; null for the only one that can be run so.</param>
    /// <exception cref="BeeInputException">A name is not one that the tool has, or there are several programs.</exception>
    /// <exception cref="BpfLoadException">The program cannot be loaded.</exception>
    /// <exception cref="BpfTestException">The kernel does not run such a program on given input.</exception>
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

    /// <summary>Says what would otherwise look like a tool that sees nothing.</summary>
    public void WarnIfSilent(Tool tool, EventReader reader)
    {
        if (reader.Streams.Count == 0)
        {
            string maps = string.Join(", ", tool.File.Maps.Where(map => !map.IsInternal).Select(map => map.Name));
            streams.WriteWarning($"{tool.Name} streams nothing: no map is chosen whose name begins with print_, counter_, gauge_ or hist_."
                + (maps.Length > 0 ? $" -Map can name one of its maps: {maps}." : string.Empty)
                + (TraceCalls.In(tool.File).Count > 0 ? " It writes trace lines with bpf_printk; -Trace shows them." : string.Empty));
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
            // A path is meant from the session's location, which is not the process's.
            NetworkNamespace = options.NetworkNamespace is { } space && (space.Contains('/') || space[0] is '~') ? location.FullPath(space) : options.NetworkNamespace,
            AttachTo = programs.Where(program => program.Value.AttachTo is not null).ToDictionary(program => program.Key, program => program.Value.AttachTo!),
            Load = load,
            PreferTyped = options.PreferTyped,
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
            streams.WriteWarning($"{string.Join("; ", twins.Select(two => $"{two} both run at {two.Place}"))}: what they count is counted twice. "
                + $"-PreferTyped loads the better one, and -Skip {string.Join(',', twins.SelectMany(two => two.Programs.Skip(1)).Select(program => program.Name).Distinct())} leaves the other out.");
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
            yield return $"-ProcessId {process} narrows nothing: {tool.Name} has no uprobe, uretprobe, usdt or perf_event program."
                + (parameters.Length > 0 ? $" Its parameters, if it has one for this: {parameters}." : string.Empty);
        }

        if (options.Interfaces is { } interfaces && !kinds.Any(kind => kind.NeedsInterface))
        {
            yield return $"-Interface {string.Join(',', interfaces)} has no effect: {tool.Name} has no xdp, tc or socket program.";
        }

        if (options.Cgroup is { } cgroup && !kinds.Any(kind => kind.NeedsCgroup))
        {
            yield return $"-Cgroup {cgroup} has no effect: {tool.Name} has no cgroup program. What other programs report is not narrowed by it.";
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
                yield return $"-AttachTo {program.Name} has no effect: a {program.Kind} program has no target.";
            }
        }
    }
}

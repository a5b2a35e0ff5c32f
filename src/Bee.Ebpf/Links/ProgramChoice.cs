using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Links;

/// <summary>Decides which programs of an object to load.</summary>
internal static class ProgramChoice
{
    /// <summary>Returns the object with the targets and choices of the options as metadata of its programs.</summary>
    public static ObjectFile WithOptions(ObjectFile file, AttachOptions options) => file.WithMetadata(new ObjectMetadata
    {
        Programs = options.AttachTo.Keys.Union(options.Load.Keys).ToDictionary(name => name, name => new ProgramMetadata
        {
            AttachTo = options.AttachTo.GetValueOrDefault(name),
            Load = options.Load.TryGetValue(name, out var load) ? load : null,
        }),
    });

    /// <summary>Returns the object without the programs that are redundant or cannot be attached. Reports each of them as a note or a warning.</summary>
    /// <param name="file">The object, as <see cref="WithOptions"/> returns it.</param>
    /// <param name="options">How the programs are attached.</param>
    public static ObjectFile Make(ObjectFile file, AttachOptions options)
    {
        file = options.PreferTyped ? WithoutTwins(file, options) : file;
        file = WithoutTarget(file, options);
        file = WithoutLibrary(file, options);
        if (file.Programs.All(program => !program.AutoLoad))
        {
            options.Warn?.Invoke($"No program of {file.Name} is loaded: each is optional or left out.");
        }

        return file;
    }

    private static ObjectFile WithoutTwins(ObjectFile file, AttachOptions options)
    {
        foreach (var twins in TwinPrograms.Find(file))
        {
            // Programs that the options name are kept.
            var free = twins.Programs.Where(program => !options.Load.ContainsKey(program.Name) && !options.AttachTo.ContainsKey(program.Name)).ToList();
            var best = twins.Programs.Select(TwinPrograms.Rank).Distinct().ToList();
            while (best.Count > 1 && !twins.Programs.Any(program => TwinPrograms.Rank(program) == best[0] && (!free.Contains(program) || TypedPrograms.CanAttach(program))))
            {
                best.RemoveAt(0);
            }

            file = WithoutThose(file, [.. free.Where(program => TwinPrograms.Rank(program) != best[0])], options, program => TwinPrograms.Rank(program) < best[0]
                ? $"this kernel does not attach it, and {twins.First(best[0])} sees the same events."
                : $"{twins.First(best[0])} sees the same events.");
        }

        return file;
    }

    // Several programs for one kind of target are often alternatives: if one of them has a target, those without are left out.
    private static ObjectFile WithoutTarget(ObjectFile file, AttachOptions options)
    {
        foreach (var need in file.Programs.Where(program => program.AutoLoad && Need(program) is not null).GroupBy(Need).ToList())
        {
            var without = need.Where(program => !AttachTargets.HasTarget(program, options)).ToList();
            if (without.Count < need.Count())
            {
                file = WithoutThose(file, without, options, _ => $"no {need.Key} is named for it, unlike for another program.");
            }
        }

        return file;
    }

    // A tool for alternative libraries is useful even if one is missing. Targets that the options name must exist.
    private static ObjectFile WithoutLibrary(ObjectFile file, AttachOptions options)
    {
        var without = new Dictionary<ProgramDescription, string>();
        foreach (var program in file.Programs.Where(program => program.AutoLoad && program.KindRow.Target is AttachTarget.UserFunction or AttachTarget.UserProbe && !options.AttachTo.ContainsKey(program.Name)))
        {
            using var files = new TargetFiles(program, options);
            if (files.MissingLibrary() is { } library)
            {
                without[program] = library;
            }
        }

        if (without.Count == 0 || file.Programs.All(program => !program.AutoLoad || without.ContainsKey(program)))
        {
            return file;
        }

        foreach (var (program, library) in without)
        {
            options.Warn?.Invoke($"Program '{program.Name}' ({program.SectionName}) is left out: the library {library} does not exist here.");
        }

        return Without(file, without.Keys);
    }

    private static string? Need(ProgramDescription program) => program.KindRow switch
    {
        { NeedsInterface: true } => "network interface",
        { NeedsCgroup: true } => "control group",
        { NeedsNetworkNamespace: true } => "network namespace",
        _ => null,
    };

    private static ObjectFile WithoutThose(ObjectFile file, IReadOnlyList<ProgramDescription> programs, AttachOptions options, Func<ProgramDescription, string> why)
    {
        foreach (var program in programs)
        {
            options.Note?.Invoke($"Program '{program.Name}' ({program.SectionName}) is left out: {why(program)}");
        }

        return programs.Count == 0 ? file : Without(file, programs);
    }

    private static ObjectFile Without(ObjectFile file, IEnumerable<ProgramDescription> programs) =>
        file.WithMetadata(new ObjectMetadata { Programs = programs.ToDictionary(program => program.Name, _ => new ProgramMetadata { Load = false }) });
}

/// <summary>Programs of an object that run at the same event or function in different ways, of which a loader should choose one. If all are loaded, they count each event several times.</summary>
/// <param name="Place">The tracepoint or function.</param>
/// <param name="Programs">The programs, those with typed arguments first.</param>
internal sealed record TwinPrograms(string Place, IReadOnlyList<ProgramDescription> Programs)
{
    // Trace events that do not belong to the tracepoint of the same name.
    private static readonly string[] s_otherEvents = ["syscalls", "ftrace", "kprobes", "uprobes", "synthetic"];

    /// <summary>Returns the twins among the programs to load.</summary>
    /// <param name="file">The object.</param>
    public static IReadOnlyList<TwinPrograms> Find(ObjectFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return
        [
            .. from program in file.Programs
               where program.AutoLoad
               from place in PlacesOf(program)
               group program by place into programs
               where programs.Select(Rank).Distinct().Count() > 1
               select new TwinPrograms(programs.Key.Name, [.. programs.OrderBy(Rank)]),
        ];
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(" and ", Programs.Select(program => $"{program.Name} ({program.SectionName})"));

    internal static int Rank(ProgramDescription program) => program.KindRow switch
    {
        { BindsAtLoad: true } => 0,
        { Method: AttachMethod.Tracepoint } => 2,
        _ => 1,
    };

    internal string First(int rank) => $"'{Programs.First(program => Rank(program) == rank).Name}'";

    private static IEnumerable<(string Moment, string Name)> PlacesOf(ProgramDescription program) => program.KindRow switch
    {
        { Method: AttachMethod.Tracepoint } => TargetText.Split(program.AttachTo).Select(target => target.Replace(':', '/').Split('/')).Where(target => target.Length == 2 && !s_otherEvents.Contains(target[0])).Select(target => ("event", target[1])),
        { Target: AttachTarget.RawTracepoint } => TargetText.Split(program.AttachTo).Select(target => ("event", target)),
        { Target: AttachTarget.KernelFunction, Name: not ProgramKinds.ModifyReturn } kind => TargetText.Split(program.AttachTo).Select(target => (kind.IsReturn ? "return" : "entry", target)),
        _ => [],
    };
}

/// <summary>Tests whether the kernel attaches programs with typed arguments.</summary>
internal static unsafe class TypedPrograms
{
    // enum bpf_attach_type.
    private const int RawTracepoint = 23, Entry = 24, Exit = 25;

    // r0 = 0; exit
    private static ReadOnlySpan<byte> Nothing => [0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>Reports whether the kernel attaches a program of this kind to its target, by attaching and detaching an empty program.</summary>
    public static bool CanAttach(ProgramDescription program)
    {
        var kind = program.KindRow;
        if (!kind.BindsAtLoad || program.AttachTo is not { } target)
        {
            return true;
        }

        var attachType = kind.Target == AttachTarget.RawTracepoint ? RawTracepoint : kind.IsReturn ? Exit : Entry;
        using var scope = LibbpfLog.Capture(null);
        var id = LibbpfCalls.libbpf_find_vmlinux_btf_id(target, attachType);
        if (id <= 0)
        {
            return false;
        }

        fixed (byte* code = Nothing)
        {
            var options = new LibbpfCalls.ProgramOptions { Size = (nuint)sizeof(LibbpfCalls.ProgramOptions), AttachType = attachType, AttachBtfId = (uint)id };
            var fd = LibbpfCalls.bpf_prog_load((int)ProgramType.Tracing, "bee_probe", "GPL", code, 2, &options);
            if (fd < 0)
            {
                return false;
            }

            using var loaded = new FdHandle(fd);
            var link = LibbpfCalls.bpf_raw_tracepoint_open(null, fd);
            if (link < 0)
            {
                return false;
            }

            new FdHandle(link).Dispose();
            return true;
        }
    }
}

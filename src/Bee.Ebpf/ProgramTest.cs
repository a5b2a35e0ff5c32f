using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;
using Bee.Ebpf.Records;

namespace Bee.Ebpf;

/// <summary>One program of an object, loaded without the others and attached to nothing, to be run on given input (<c>BPF_PROG_TEST_RUN</c>). Disposing of it unloads it.</summary>
internal sealed class ProgramTest : IDisposable
{
    private readonly EventReader _reader;
    private readonly ContextType _context;

    private ProgramTest(BpfSession session, BpfProgram program, TestRunKind kind, EventReader reader)
    {
        Session = session;
        Program = program;
        _reader = reader;
        _context = ContextType.Of(session.File, program.Description, kind);
    }

    /// <summary>The object with its maps. It cannot be attached.</summary>
    public BpfSession Session { get; }

    /// <summary>The program.</summary>
    public BpfProgram Program { get; }

    /// <summary>The maps that take part in results, and the trace lines.</summary>
    public IReadOnlyList<RecordStream> Streams => _reader.Streams;

    /// <summary>The programs of an object that the kernel runs on given input.</summary>
    /// <param name="file">The object.</param>
    public static IReadOnlyList<ProgramDescription> Candidates(ObjectFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return [.. file.Programs.Where(program => program.KindRow.TestRun is not null)];
    }

    /// <summary>
    /// Loads a program. Programs that it could call through an array of programs are loaded too, and no others; so nothing else of the object need suit this kernel.
    /// </summary>
    /// <param name="file">The object.</param>
    /// <param name="program">The program, by its name.</param>
    /// <param name="options">Parameters; what concerns attaching has no effect.</param>
    /// <param name="traceLines">Whether lines that the program writes with <c>bpf_printk</c> are read.</param>
    /// <exception cref="ArgumentException">The object has no such program.</exception>
    /// <exception cref="BpfTestException">The kernel does not run programs of this kind on given input.</exception>
    /// <exception cref="BpfLoadException">It cannot be loaded; nothing is left behind.</exception>
    /// <exception cref="BpfParameterException">No parameters are given, and a default of the author's does not fit.</exception>
    public static ProgramTest Load(ObjectFile file, string program, BpfSessionOptions options, bool traceLines = false)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(program);
        var description = file.Programs.FirstOrDefault(one => one.Name == program) ?? throw new ArgumentException($"{file.Name} has no program '{program}'.", nameof(program));
        var kind = description.KindRow.TestRun ?? throw ProgramRun.Unsupported(description);
        var session = BpfSession.LoadUnattached(file, one => one == description || (HasTailCalls(file) && one.AutoLoad && one.Type == description.Type), options);
        try
        {
            return new ProgramTest(session, session.Programs.First(one => one.Name == program), kind, session.OpenReader(new EventReaderOptions
            {
                // Globals come with their section, and as histograms of their own.
                Select = map => (map.Place is null || map.Role == MapRole.Histogram) && (map.IsEventStream || map.Type is not (MapType.StackTrace or MapType.Queue or MapType.Stack or MapType.BloomFilter)),
                TraceLines = traceLines,
            }));
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Runs the program.</summary>
    /// <param name="input">What to run it on.</param>
    /// <returns>What it returned, changed and wrote.</returns>
    /// <exception cref="BpfTestException">The input does not suit the program, or the kernel refuses it.</exception>
    /// <exception cref="ObjectDisposedException">This test has been disposed of.</exception>
    public ProgramTestResult Run(ProgramTestInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var context = _context.Encode(input.Context, input.Data?.Length ?? 0);
        // Entries that do not change are not results.
        _reader.ReadOnce(new ResultSink());
        var run = Program.TestRun(new TestRunOptions { Data = input.Data, Context = context, Repeat = input.Repeat, Cpu = input.Cpu });
        var results = new ResultSink();
        _reader.ReadOnce(results);
        var kind = Program.Description.KindRow.TestRun!;
        return new ProgramTestResult
        {
            Program = Program.Name,
            Section = Program.SectionName,
            ReturnValue = run.ReturnValue,
            Action = kind.Results.GetValueOrDefault(run.ReturnValue),
            Data = kind.TakesData ? run.Data : null,
            IsDataChanged = kind.TakesData && !run.Data.AsSpan().SequenceEqual(input.Data.GetValueOrDefault().Span),
            Context = (object?)_context.Decode(run.Context) ?? (run.Context.Length > 0 ? run.Context : null),
            Repeat = input.Repeat,
            NanosecondsPerRun = run.NanosecondsPerRun,
            Events = results.Events,
            Entries = results.Entries,
            TraceLines = results.Lines,
            Lost = results.Lost,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader.Dispose();
        Session.Dispose();
    }

    // libbpf fills such an array when it loads, and fails where a program is missing.
    private static bool HasTailCalls(ObjectFile file) => file.Maps.Any(map => map.Type == MapType.ProgramArray);

    private sealed class ResultSink : IEventSink
    {
        public List<BpfEvent> Events { get; } = [];

        public List<BpfEvent> Entries { get; } = [];

        public List<TraceLine> Lines { get; } = [];

        public ulong Lost { get; private set; }

        bool IEventSink.Event(BpfEvent e)
        {
            switch (e)
            {
                case TraceLine line:
                    Lines.Add(line);
                    break;
                case MapEntry or Histogram:
                    Entries.Add(e);
                    break;
                default:
                    Events.Add(e);
                    break;
            }

            return true;
        }

        void IEventSink.Lost(string map, ulong count) => Lost += count;
    }
}

/// <summary>What a program is run on.</summary>
internal sealed class ProgramTestInput
{
    /// <summary>The packet, as <see cref="TestRunOptions.Data"/>.</summary>
    public ReadOnlyMemory<byte>? Data { get; init; }

    /// <summary>
    /// The context: the fields of its struct (<see cref="TestRunKind.ContextName"/>; of <c>syscall</c> programs the struct that the function takes) as a dictionary by name, with
    /// values as <see cref="ParameterEncoder"/> takes them; for raw tracepoints a list of arguments; or the bytes. Null for none.
    /// </summary>
    public object? Context { get; init; }

    /// <summary>How often the kernel runs the program on it. Changes of the packet add up.</summary>
    public int Repeat { get; init; } = 1;

    /// <summary>The CPU to run on, for raw tracepoints; null for the current one.</summary>
    public int? Cpu { get; init; }
}

/// <summary>What a program did with its input.</summary>
public sealed record ProgramTestResult
{
    /// <summary>The program's name.</summary>
    public required string Program { get; init; }

    /// <summary>The name of its section.</summary>
    public required string Section { get; init; }

    /// <summary>What the program returned, at the last run.</summary>
    public int ReturnValue { get; init; }

    /// <summary>The name of the return value, such as <c>XDP_PASS</c> or <c>TC_ACT_SHOT</c>; null where it has none.</summary>
    public string? Action { get; init; }

    /// <summary>The packet after the run; null where the program takes none.</summary>
    public byte[]? Data { get; init; }

    /// <summary>True where the packet after the run is another than before.</summary>
    public bool IsDataChanged { get; init; }

    /// <summary>The context after the run, with a property for each field, or its bytes where its type is not known; null where the kernel does not give it back.</summary>
    public object? Context { get; init; }

    /// <summary>How often the program ran.</summary>
    public int Repeat { get; init; }

    /// <summary>How long a run took on average, in nanoseconds; null where the kernel does not measure it.</summary>
    public long? NanosecondsPerRun { get; init; }

    /// <summary>The events that the program wrote into rings and perf buffers.</summary>
    public IReadOnlyList<BpfEvent> Events { get; init; } = [];

    /// <summary>The map entries that the run added or changed, and the histograms of maps that are read as such.</summary>
    public IReadOnlyList<BpfEvent> Entries { get; init; } = [];

    /// <summary>The lines that the program wrote with <c>bpf_printk</c>, where they were asked for.</summary>
    public IReadOnlyList<TraceLine> TraceLines { get; init; } = [];

    /// <summary>How many events were dropped because a buffer was full, as far as that is counted.</summary>
    public ulong Lost { get; init; }

    /// <summary>The return value with its name, and nothing of what traced processes or packets say.</summary>
    public override string ToString() => $"{Program}: {Action ?? "returned"} ({ReturnValue})";
}

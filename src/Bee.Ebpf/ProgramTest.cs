using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;
using Bee.Ebpf.Records;

namespace Bee.Ebpf;

/// <summary>A program that is loaded for test runs (<c>BPF_PROG_TEST_RUN</c>), without the other programs of its object and not attached. Disposing unloads it.</summary>
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

    /// <summary>The session of the program. It cannot be attached.</summary>
    public BpfSession Session { get; }

    /// <summary>The program.</summary>
    public BpfProgram Program { get; }

    /// <summary>The streams whose events and entries results contain, with the trace lines.</summary>
    public IReadOnlyList<RecordStream> Streams => _reader.Streams;

    /// <summary>Returns the programs of an object that support test runs.</summary>
    /// <param name="file">The object.</param>
    public static IReadOnlyList<ProgramDescription> Candidates(ObjectFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return [.. file.Programs.Where(program => program.KindRow.TestRun is not null)];
    }

    /// <summary>
    /// Loads a program, and the programs that it can tail-call. The other programs are not loaded, so they need not suit this kernel.
    /// </summary>
    /// <param name="file">The object.</param>
    /// <param name="program">The program, by its name.</param>
    /// <param name="options">The options. Attach targets have no effect.</param>
    /// <param name="traceLines">Whether to read lines that the program writes with <c>bpf_printk</c>.</param>
    /// <exception cref="ArgumentException">The object has no program of this name.</exception>
    /// <exception cref="BpfTestException">The kernel has no test run for programs of this kind.</exception>
    /// <exception cref="BpfLoadException">The kernel rejects the program; nothing is left behind.</exception>
    /// <exception cref="BpfParameterException">A value, or a default of the metadata, does not suit its parameter.</exception>
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
                // Single globals are left out, since their section contains them, unless they are histograms.
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
    /// <param name="input">The input.</param>
    /// <returns>The return value, and what the run changed and wrote.</returns>
    /// <exception cref="BpfTestException">The input does not suit the program, or the kernel rejects it.</exception>
    /// <exception cref="ObjectDisposedException">The test has been disposed.</exception>
    public ProgramTestResult Run(ProgramTestInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var context = _context.Encode(input.Context, input.Data?.Length ?? 0);
        // Reads the entries now, so that only later changes become results.
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

    // libbpf fills a program array when it loads the object, and fails if a program is missing.
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

/// <summary>The input of a test run, with a typed context.</summary>
internal sealed class ProgramTestInput
{
    /// <summary>The packet, as <see cref="TestRunOptions.Data"/>.</summary>
    public ReadOnlyMemory<byte>? Data { get; init; }

    /// <summary>
    /// The context: a dictionary of the fields of its struct (<see cref="TestRunKind.ContextName"/>, or the parameter type of a <c>syscall</c> program), with
    /// values for <see cref="ParameterEncoder"/>; a list of arguments for raw tracepoints; or the bytes. Null for no context.
    /// </summary>
    public object? Context { get; init; }

    /// <summary>How many times the kernel runs the program on the same packet. Its changes accumulate.</summary>
    public int Repeat { get; init; } = 1;

    /// <summary>The CPU to run on, for raw tracepoints; null for the current one.</summary>
    public int? Cpu { get; init; }
}

/// <summary>The result of a test run.</summary>
public sealed record ProgramTestResult
{
    /// <summary>The program's name.</summary>
    public required string Program { get; init; }

    /// <summary>The name of its section.</summary>
    public required string Section { get; init; }

    /// <summary>The return value of the last run.</summary>
    public int ReturnValue { get; init; }

    /// <summary>The name of the return value, such as <c>XDP_PASS</c> or <c>TC_ACT_SHOT</c>; null if it has no name.</summary>
    public string? Action { get; init; }

    /// <summary>The packet after the run; null for programs that do not take a packet.</summary>
    public byte[]? Data { get; init; }

    /// <summary>True if the run changed the packet.</summary>
    public bool IsDataChanged { get; init; }

    /// <summary>The context after the run, with a property for each field, or its bytes if its type is unknown; null if the kernel does not return it.</summary>
    public object? Context { get; init; }

    /// <summary>How many times the program ran.</summary>
    public int Repeat { get; init; }

    /// <summary>The mean duration of a run in nanoseconds; null if the kernel does not measure it.</summary>
    public long? NanosecondsPerRun { get; init; }

    /// <summary>The events that the program wrote to ring and perf buffers.</summary>
    public IReadOnlyList<BpfEvent> Events { get; init; } = [];

    /// <summary>The map entries that the run added or changed, and the histograms.</summary>
    public IReadOnlyList<BpfEvent> Entries { get; init; } = [];

    /// <summary>The lines that the program wrote with <c>bpf_printk</c>, if they were requested.</summary>
    public IReadOnlyList<TraceLine> TraceLines { get; init; } = [];

    /// <summary>The counted number of events that a full buffer dropped.</summary>
    public ulong Lost { get; init; }

    /// <summary>Returns the program and its return value, without data from processes or packets.</summary>
    public override string ToString() => $"{Program}: {Action ?? "returned"} ({ReturnValue})";
}

using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Programs;
using Bee.Ebpf.Records;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf.Events;

/// <summary>Reads the trace lines of a session's programs as events.</summary>
internal sealed class TraceSource : IEventSource
{
    // After reading this fraction of the ring at once, the reader polls again without a rest.
    private const ulong BusyPart = 4;

    private readonly RecordStream _stream;
    private readonly List<(CompiledFunction Function, string Program)> _functions;
    private readonly TraceProgram _program;
    private readonly RingBuffer _ring;
    private ulong _high;

    /// <summary>Starts collecting lines.</summary>
    /// <param name="stream">Receives the counts.</param>
    /// <param name="programs">The loaded programs of the session.</param>
    /// <exception cref="BpfLoadException">The kernel has no tracepoint for trace lines, or hides the addresses of the programs.</exception>
    public TraceSource(RecordStream stream, IReadOnlyList<BpfProgram> programs)
    {
        _stream = stream;
        _functions = [.. programs.Where(program => program.IsLoaded).SelectMany(program => (ProgramCode.Of(program.Id)?.Functions ?? []).Select(function => (function, program.Name)))];
        if (_functions.Count == 0)
        {
            throw Hidden();
        }

        _program = new TraceProgram([.. _functions.Select(function => function.Function)]);
        try
        {
            _ring = RingBuffer.Map(_program.Ring, TraceProgram.RingSize);
        }
        catch
        {
            _program.Dispose();
            throw;
        }

        stream.HighWater = 0;
        stream.Lost = 0;
    }

    public IEnumerable<int> Fds => [_program.Ring];

    /// <summary>Describes the stream of lines.</summary>
    public static RecordStream Describe() => new(TraceLine.StreamName, null, null, null) { Shape = TraceLine.Shape };

    public DrainResult Read(IEventSink sink, ref bool stopped)
    {
        var waiting = _ring.Waiting;
        if (waiting == 0)
        {
            return DrainResult.Empty;
        }

        if (waiting > _high)
        {
            _high = waiting;
            _stream.HighWater = Math.Min(1, (double)waiting / _ring.Size);
        }

        var lines = new LineSink(this, sink);
        var read = _ring.Drain(ref lines);
        stopped |= lines.Stopped;
        return read >= _ring.Size / BusyPart ? DrainResult.Much : DrainResult.Some;
    }

    public void ReportLost(IEventSink sink)
    {
        var lost = _program.Lost();
        if (lost > _stream.Lost)
        {
            var news = lost - _stream.Lost.Value;
            _stream.Lost = lost;
            sink.Lost(_stream.Name, news);
        }
    }

    public void Dispose()
    {
        _ring.Dispose();
        _program.Dispose();
    }

    private TraceLine Decode(ReadOnlySpan<byte> record)
    {
        var task = MemoryMarshal.Read<ulong>(record[TraceProgram.TaskAt..]);
        var length = Math.Clamp(MemoryMarshal.Read<int>(record[TraceProgram.LengthAt..]), 0, TraceProgram.TextSize);
        var caller = MemoryMarshal.Read<ulong>(record[TraceProgram.CallerAt..]);
        return new TraceLine(
            EventClock.FromMonotonic(MemoryMarshal.Read<ulong>(record[TraceProgram.TimeAt..])),
            MemoryMarshal.Read<int>(record[TraceProgram.CpuAt..]),
            (int)(task >> 32),
            (int)(uint)task,
            Text(record.Slice(TraceProgram.CommAt, TraceProgram.CommSize)),
            _functions.Find(function => function.Function.Holds(caller)).Program,
            Text(record.Slice(TraceProgram.TextAt, length)).TrimEnd('\n'));
    }

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    private static BpfLoadException Hidden() => KernelHost.Current.Setting("net/core/bpf_jit_enable") == "0"
        ? new BpfLoadException(LoadFault.Unsupported, "The tool's trace lines cannot be separated from those of other programs, since the kernel interprets programs (the sysctl net.core.bpf_jit_enable is 0).")
        {
            Remedy = "Enable the compiler for programs that are loaded from now on: sysctl -w net.core.bpf_jit_enable=1.",
        }
        : new BpfLoadException(LoadFault.NoPermission, "The tool's trace lines cannot be separated from those of other programs, since the kernel hides the addresses of programs from this process.")
        {
            Remedy = KernelHost.Current.Setting("kernel/kptr_restrict") == "2"
                ? "The sysctl kernel.kptr_restrict is 2, which hides addresses from every process. Set it to 1 or 0 (sysctl -w kernel.kptr_restrict=1)."
                : "Run as root, or give the process CAP_SYSLOG.",
        };

    private struct LineSink(TraceSource source, IEventSink sink) : IRecordSink
    {
        /// <summary>Whether the sink has ended the run.</summary>
        public bool Stopped { get; private set; }

        public bool Record(ReadOnlySpan<byte> data)
        {
            source._stream.Count++;
            Stopped = !sink.Event(source.Decode(data));
            return !Stopped;
        }
    }
}

/// <summary>A line that a program of the session wrote with <c>bpf_printk</c> (<c>bpf_trace_printk</c>, <c>bpf_trace_vprintk</c>).</summary>
public class TraceLine : BpfEvent
{
    /// <summary>The name of the stream, and the <see cref="MapName"/> of every line. No map has this name.</summary>
    public const string StreamName = "trace";

    internal TraceLine(DateTime time, int cpu, int pid, int tid, string comm, string program, string text) =>
        (Time, Cpu, Pid, Tid, Comm, Program, Text) = (time, cpu, pid, tid, comm, program, text);

    /// <summary>Always <see cref="StreamName"/>.</summary>
    [SuppressMessage("Performance", "CA1822", Justification = "A property of the event, which views and serializers read from the instance.")]
    public string MapName => StreamName;

    /// <summary>The local time at which the line was written.</summary>
    public DateTime Time { get; }

    /// <summary>The CPU that the program ran on.</summary>
    public int Cpu { get; }

    /// <summary>The id of the process in whose context the program ran (tgid in the kernel); 0 for an idle CPU. An interrupt runs in the context of the process that it interrupts.</summary>
    public int Pid { get; }

    /// <summary>The id of the thread in whose context the program ran (pid in the kernel).</summary>
    public int Tid { get; }

    /// <summary>The thread's name.</summary>
    public string Comm { get; }

    /// <summary>The name of the program that wrote the line, even if one of its functions called the helper.</summary>
    public string Program { get; }

    /// <summary>The formatted text without a line end. It can contain any character.</summary>
    public string Text { get; }

    /// <summary>The fields that a view can show.</summary>
    internal static IRecordShape Shape { get; } = new LineShape();

    /// <summary>Whether another object is a line with the same values.</summary>
    /// <param name="obj">The other object.</param>
    public override bool Equals(object? obj) => obj is TraceLine other && Values == other.Values && Sender?.ComputerName == other.Sender?.ComputerName;

    /// <summary>A hash of all values.</summary>
    public override int GetHashCode() => Values.GetHashCode();

    private (DateTime, int, int, int, string, string, string) Values => (Time, Cpu, Pid, Tid, Comm, Program, Text);

    private sealed class LineShape : IRecordShape
    {
        private const int NameSize = 16, TextSize = 1024;

        public Type ClrType => typeof(TraceLine);

        public string Name => StreamName;

        // The fields have no C names: metadata uses the property names.
        public IReadOnlyList<RecordField> Fields { get; } =
        [
            new(nameof(MapName), "", typeof(string), FieldMeaning.Text, 0, 0, 8, alignRight: false),
            new(nameof(Time), "", typeof(DateTime), FieldMeaning.Timestamp, 0, sizeof(ulong), 12, alignRight: false),
            new(nameof(Cpu), "", typeof(int), FieldMeaning.Number, 0, sizeof(int), 4, alignRight: true),
            new(nameof(Pid), "", typeof(int), FieldMeaning.Number, 0, sizeof(int), 7, alignRight: true),
            new(nameof(Tid), "", typeof(int), FieldMeaning.Number, 0, sizeof(int), 7, alignRight: true),
            new(nameof(Comm), "", typeof(string), FieldMeaning.Text, 0, NameSize, NameSize - 1, alignRight: false),
            new(nameof(Program), "", typeof(string), FieldMeaning.Text, 0, NameSize, NameSize - 1, alignRight: false),
            new(nameof(Text), "", typeof(string), FieldMeaning.Text, 0, TextSize, 40, alignRight: false),
        ];

        public MapMetadata Metadata { get; } = new()
        {
            Help = "Lines that the tool's programs write with bpf_printk.",
            Fields = new Dictionary<string, FieldMetadata> { [nameof(Tid)] = new() { Hidden = true } },
        };
    }
}

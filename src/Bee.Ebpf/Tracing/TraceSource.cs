using System.Runtime.InteropServices;
using System.Text;

namespace Bee.Ebpf;

/// <summary>The trace lines of a session's programs as a source of events.</summary>
internal sealed class TraceSource : IEventSource
{
    // A reader that finds this part of the ring full does not rest before it looks again.
    private const ulong BusyPart = 4;

    private readonly RecordStream _stream;
    private readonly List<(CompiledFunction Function, string Program)> _functions;
    private readonly TraceProgram _program;
    private readonly RingBuffer _ring;
    private ulong _high;

    /// <summary>Begins to collect lines.</summary>
    /// <param name="stream">Keeps the counts.</param>
    /// <param name="programs">The session's programs, loaded.</param>
    /// <exception cref="BpfLoadException">This kernel has no tracepoint for trace lines, or does not tell where the programs are.</exception>
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

    public IEnumerable<int> Descriptors => [_program.Ring];

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
        ? new BpfLoadException(LoadFault.Unsupported, "The program's trace lines cannot be told from those of others: the kernel interprets programs (the sysctl net.core.bpf_jit_enable is 0).")
        {
            Remedy = "sysctl -w net.core.bpf_jit_enable=1 makes it compile the programs that are loaded from then on.",
        }
        : new BpfLoadException(LoadFault.NoPermission, "The program's trace lines cannot be told from those of others: the kernel hides from this process where programs are.")
        {
            Remedy = KernelHost.Current.Setting("kernel/kptr_restrict") == "2"
                ? "The sysctl kernel.kptr_restrict is 2, which hides addresses from every process. Set it to 1 or 0 (sysctl -w kernel.kptr_restrict=1)."
                : "Run as root, or give the process CAP_SYSLOG.",
        };

    private struct LineSink(TraceSource source, IEventSink sink) : IRecordSink
    {
        /// <summary>Whether the sink wants no more.</summary>
        public bool Stopped { get; private set; }

        public bool Record(ReadOnlySpan<byte> data)
        {
            source._stream.Count++;
            Stopped = !sink.Event(source.Decode(data));
            return !Stopped;
        }
    }
}

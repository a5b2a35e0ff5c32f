using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>
/// A program of Bee's own on the tracepoint <c>bpf_trace_printk</c>, which the kernel passes for every line of every BPF program. It copies the lines of given programs into a ring
/// and counts those that find the ring full. Whose a line is, the kernel's call stack says: a few frames above the tracepoint stands the address that the helper returns to.
/// </summary>
/// <remarks>
/// Nothing of this is shared: trace_pipe and its readers see the same lines as before, and the kernel removes the program when its file descriptors are closed, also with a process that is killed.
/// The tracepoint came with Linux 5.9 (kernel/trace/bpf_trace.h), the ring buffer with 5.8.
/// </remarks>
internal sealed unsafe class TraceProgram : IDisposable
{
    /// <summary>Places in a record. Behind them stands the text, which the kernel cuts at 1024 bytes (<c>BPF_TRACE_PRINTK_SIZE</c>).</summary>
    public const int TimeAt = 0, TaskAt = 8, CpuAt = 16, LengthAt = 20, CommAt = 24, CallerAt = 40, TextAt = 48;

    public const int CommSize = 16, TextSize = 1024, RecordSize = TextAt + TextSize;

    /// <summary>The ring's size in bytes: some 3,900 lines.</summary>
    public const uint RingSize = 4 * 1024 * 1024;

    private const string Tracepoint = "bpf_trace_printk";
    private const int RawTracepoint = 17;

    // Bee's own program, then bpf_trace_run1, __traceiter_bpf_trace_printk, up to two frames of the helper, and the caller. A program that runs on top of another stands
    // behind a trampoline, so that the other is not among these.
    private const int Frames = 6;

    // Far jumps would need more than 16 bits.
    private const int MostFunctions = 800;

    private const int MapLookup = 1, KernelTime = 5, CurrentCpu = 8, CurrentTask = 14, CurrentComm = 16, GetStack = 67, ReadKernelText = 115, RingReserve = 131, RingSubmit = 132;

    // bpf_prog_info's recursion_misses.
    private const int MissesAt = 208, InfoSize = 216;

    private readonly FdHandle _ring;
    private readonly FdHandle _lost;
    private readonly FdHandle _program;
    private readonly FdHandle _link;

    /// <summary>Loads and attaches the program.</summary>
    /// <param name="functions">The functions whose lines it copies.</param>
    /// <exception cref="BpfLoadException">The kernel refuses, or has no such tracepoint.</exception>
    public TraceProgram(IReadOnlyList<CompiledFunction> functions)
    {
        if (functions.Count > MostFunctions)
        {
            throw new BpfLoadException(LoadFault.Unsupported, $"The trace lines of {functions.Count} functions cannot be told from those of others; up to {MostFunctions} can.");
        }

        try
        {
            _ring = Take(LibbpfCalls.CreateMap((int)MapType.RingBuffer, "bee_trace", 0, 0, RingSize, null));
            _lost = Take(LibbpfCalls.CreateMap((int)MapType.Array, "bee_trace_lost", sizeof(uint), sizeof(ulong), 1, null));
            var code = Code(functions, _ring.Number, _lost.Number);
            fixed (byte* start = code)
            {
                _program = Take(LibbpfCalls.LoadProgram(RawTracepoint, "bee_trace", "Dual BSD/GPL", start, (nuint)(code.Length / Instruction.Length), null));
            }

            _link = Take(LibbpfCalls.OpenRawTracepoint(Tracepoint, _program.Number));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The ring, as a file descriptor.</summary>
    public int Ring => _ring.Number;

    /// <summary>
    /// How many lines are lost so far: those that found the ring full, and those that an interrupt wrote while the same CPU was copying a line. The latter can belong to other programs too.
    /// </summary>
    public ulong Lost()
    {
        uint key = 0;
        ulong count = 0;
        _ = LibbpfCalls.Lookup(_lost.Number, &key, &count);
        Span<byte> info = stackalloc byte[InfoSize];
        info.Clear();
        uint size = InfoSize;
        fixed (byte* start = info)
        {
            // An older kernel has a shorter structure and leaves the rest zero.
            return LibbpfCalls.ObjectInfo(_program.Number, start, &size) == 0 ? count + MemoryMarshal.Read<ulong>(info[MissesAt..]) : count;
        }
    }

    public void Dispose()
    {
        _link?.Dispose();
        _program?.Dispose();
        _lost?.Dispose();
        _ring?.Dispose();
    }

    private static byte[] Code(IReadOnlyList<CompiledFunction> functions, int ring, int lost)
    {
        const int Context = 6, Caller = 7, Record = 8, Stack = -Frames * sizeof(ulong), Key = Stack - sizeof(ulong);
        var code = new InstructionWriter();
        code.Copy(Context, 1);
        for (var i = 0; i < Frames; i++)
        {
            code.StoreZero64(InstructionWriter.FramePointer, Stack + i * sizeof(ulong));
        }

        code.Address(2, InstructionWriter.FramePointer, Stack);
        code.Set(3, Frames * sizeof(ulong));
        code.Set(4, 0);
        code.Call(GetStack);
        for (var i = 0; i < Frames; i++)
        {
            code.Load64(Caller, InstructionWriter.FramePointer, Stack + i * sizeof(ulong));
            for (var j = 0; j < functions.Count; j++)
            {
                var next = $"not {j} at {i}";
                code.SetWide(2, functions[j].Start);
                code.GoToIfLess(Caller, 2, next);
                code.SetWide(2, functions[j].Start + functions[j].Length);
                code.GoToIfLess(2, Caller, next);
                code.GoTo("found");
                code.Label(next);
            }
        }

        code.GoTo("end");
        code.Label("found");
        code.SetMap(1, ring);
        code.Set(2, RecordSize);
        code.Set(3, 0);
        code.Call(RingReserve);
        code.GoToIfZero(0, "full");
        code.Copy(Record, 0);
        code.Call(KernelTime);
        code.Store64(Record, TimeAt, 0);
        code.Call(CurrentTask);
        code.Store64(Record, TaskAt, 0);
        code.Call(CurrentCpu);
        code.Store32(Record, CpuAt, 0);
        code.Address(1, Record, CommAt);
        code.Set(2, CommSize);
        code.Call(CurrentComm);
        code.Store64(Record, CallerAt, Caller);
        code.Address(1, Record, TextAt);
        code.Set(2, TextSize);
        code.Load64(3, Context, 0);
        code.Call(ReadKernelText);
        code.Store32(Record, LengthAt, 0);
        code.Copy(1, Record);
        code.Set(2, 0);
        code.Call(RingSubmit);
        code.GoTo("end");
        code.Label("full");
        code.StoreZero64(InstructionWriter.FramePointer, Key);
        code.SetMap(1, lost);
        code.Address(2, InstructionWriter.FramePointer, Key);
        code.Call(MapLookup);
        code.GoToIfZero(0, "end");
        code.Set(1, 1);
        code.AtomicAdd(0, 0, 1);
        code.Label("end");
        code.Set(0, 0);
        code.Exit();
        return code.ToArray();
    }

    private static FdHandle Take(int result) => result >= 0 ? new FdHandle(result) : throw Failed(-result);

    private static BpfLoadException Failed(int errno) => errno is Libc.EPERM or Libc.EACCES
        ? Permissions.Refused("read the program's trace lines", errno, null, "", perf: false)
        : new BpfLoadException(LoadFault.Unsupported, $"Trace lines cannot be read: the kernel has no tracepoint {Tracepoint} that programs can attach to ({Libc.Describe(errno)}).")
        {
            Errno = errno,
            Remedy = "Linux 5.9 and later have it. On an older kernel the lines of all programs are in trace_pipe, in /sys/kernel/tracing.",
        };
}

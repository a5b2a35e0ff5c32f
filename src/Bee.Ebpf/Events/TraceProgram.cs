using System.Buffers.Binary;
using Bee.Ebpf.CoRe;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Symbols;
using Bee.Posix;

namespace Bee.Ebpf.Events;

/// <summary>
/// A program of Bee's own on the tracepoint <c>bpf_trace_printk</c>, which fires for every line of every BPF program. It copies the lines of given programs into a ring and counts those that do
/// not fit. It recognizes a program by the kernel's call stack, which holds the return address of the helper a few frames above the tracepoint.
/// </summary>
/// <remarks>
/// Other readers are not affected: trace_pipe has the same lines as before, and the kernel removes the program when its fds are closed, also if the process is killed. Requires Linux 5.9 for the
/// tracepoint (kernel/trace/bpf_trace.h) and 5.8 for the ring buffer.
/// </remarks>
internal sealed unsafe class TraceProgram : IDisposable
{
    /// <summary>Offsets in a record. The text follows them; the kernel truncates it to 1024 bytes (<c>BPF_TRACE_PRINTK_SIZE</c>).</summary>
    public const int TimeAt = 0, TaskAt = 8, CpuAt = 16, LengthAt = 20, CommAt = 24, CallerAt = 40, TextAt = 48;

    public const int CommSize = 16, TextSize = 1024, RecordSize = TextAt + TextSize;

    /// <summary>The ring's size in bytes: about 3,900 lines.</summary>
    public const uint RingSize = 4 * 1024 * 1024;

    private const string Tracepoint = "bpf_trace_printk";
    private const int RawTracepoint = 17;

    // The stack has Bee's own program, bpf_trace_run1, __traceiter_bpf_trace_printk, up to two frames of the helper, and the caller. If a program runs on top of another one, the latter is above a
    // trampoline, and so beyond these frames.
    private const int Frames = 6;

    // More functions would need jump distances of more than 16 bits.
    private const int MostFunctions = 800;

    private const int MapLookup = 1, KernelTime = 5, CurrentCpu = 8, CurrentTask = 14, CurrentComm = 16, GetStack = 67, ReadKernelText = 115, RingReserve = 131, RingSubmit = 132;

    private readonly FdHandle _ring;
    private readonly FdHandle _lost;
    private readonly FdHandle _program;
    private readonly FdHandle _link;

    /// <summary>Loads and attaches the program.</summary>
    /// <param name="functions">The functions whose lines the program copies.</param>
    /// <exception cref="BpfLoadException">The kernel rejects the program, or does not have the tracepoint.</exception>
    public TraceProgram(IReadOnlyList<CompiledFunction> functions)
    {
        if (functions.Count > MostFunctions)
        {
            throw new BpfLoadException(LoadFault.Unsupported, $"The trace lines of {functions.Count} functions cannot be separated from those of other programs: at most {MostFunctions} functions are supported.");
        }

        try
        {
            _ring = Take(LibbpfCalls.bpf_map_create((int)MapType.RingBuffer, "bee_trace", 0, 0, RingSize, null));
            _lost = Take(LibbpfCalls.bpf_map_create((int)MapType.Array, "bee_trace_lost", sizeof(uint), sizeof(ulong), 1, null));
            var code = Code(functions, _ring.Number, _lost.Number);
            fixed (byte* start = code)
            {
                _program = Take(LibbpfCalls.bpf_prog_load(RawTracepoint, "bee_trace", "Dual BSD/GPL", start, (nuint)(code.Length / Instruction.Length), null));
            }

            _link = Take(LibbpfCalls.bpf_raw_tracepoint_open(Tracepoint, _program.Number));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The fd of the ring.</summary>
    public int Ring => _ring.Number;

    /// <summary>
    /// Reads the number of lost lines: those that did not fit into the ring, and those that an interrupt wrote while the same CPU was copying a line. The latter may belong to other programs.
    /// </summary>
    public ulong Lost()
    {
        uint key = 0;
        ulong count = 0;
        _ = LibbpfCalls.bpf_map_lookup_elem(_lost.Number, &key, &count);
        return count + (ProgramInfo.Read(_program.Number)?.RecursionMisses ?? 0);
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

/// <summary>Finds the functions of an object that write trace lines.</summary>
internal static class TraceCalls
{
    private const int TracePrintk = 6, TraceVprintk = 177;

    /// <summary>Returns the names of the functions that call <c>bpf_trace_printk</c> or <c>bpf_trace_vprintk</c>, except those of optional programs, which are not loaded.</summary>
    /// <param name="file">The object.</param>
    public static IReadOnlyList<string> In(ObjectFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var code = ObjectCode.Read(file);
        return [.. code.Functions.Where(function => function.Program is not { AutoLoad: false } && Calls(code, function)).Select(function => function.Name)];
    }

    private static bool Calls(ObjectCode code, CodeFunction function)
    {
        var bytes = code.Bytes(function.Section);
        for (var at = function.Start; at < function.End; at += Instruction.Length)
        {
            var instruction = Instruction.At(bytes, at);
            if (instruction is { IsCall: true, Source: Instruction.HelperCall, Immediate: TracePrintk or TraceVprintk } && code.SymbolAt(function.Section, at) is null)
            {
                return true;
            }

            at += instruction.IsWideLoad ? Instruction.Length : 0;
        }

        return false;
    }
}

/// <summary>Assembles the instructions of a small program of Bee's own, with jumps to labels.</summary>
/// <remarks>Encoding: <c>struct bpf_insn</c> in include/uapi/linux/bpf.h, in the byte order of this machine.</remarks>
internal sealed class InstructionWriter
{
    /// <summary>The number of the frame pointer register.</summary>
    public const int FramePointer = 10;

    private const byte WideLoad = 0x18, LoadWord64 = 0x79, StoreWord64 = 0x7b, StoreWord32 = 0x63, StoreNumber64 = 0x7a, AtomicAdd64 = 0xdb,
        CopyNumber = 0xb7, CopyRegister = 0xbf, AddNumber = 0x07, Jump = 0x05, JumpIfZero = 0x15, JumpIfLess = 0xad, CallHelper = 0x85, ExitCode = 0x95;

    private const int MapFd = 1;

    private readonly List<Instruction> _instructions = [];
    private readonly Dictionary<string, int> _labels = [];
    private readonly List<(int At, string Label)> _jumps = [];

    public void Set(int register, int number) => Add(CopyNumber, register, 0, 0, number);

    public void Copy(int to, int from) => Add(CopyRegister, to, from, 0, 0);

    public void AddTo(int register, int number) => Add(AddNumber, register, 0, 0, number);

    public void SetWide(int register, ulong number) => Wide(register, 0, number);

    public void SetMap(int register, int fd) => Wide(register, MapFd, (uint)fd);

    /// <summary>Sets a register to <c>register + number</c>.</summary>
    public void Address(int to, int register, int number)
    {
        Copy(to, register);
        AddTo(to, number);
    }

    public void Load64(int to, int address, int offset) => Add(LoadWord64, to, address, offset, 0);

    public void Store64(int address, int offset, int from) => Add(StoreWord64, address, from, offset, 0);

    public void Store32(int address, int offset, int from) => Add(StoreWord32, address, from, offset, 0);

    public void StoreZero64(int address, int offset) => Add(StoreNumber64, address, 0, offset, 0);

    public void AtomicAdd(int address, int offset, int from) => Add(AtomicAdd64, address, from, offset, 0);

    public void Call(int helper) => Add(CallHelper, 0, 0, 0, helper);

    public void Exit() => Add(ExitCode, 0, 0, 0, 0);

    public void Label(string name) => _labels.Add(name, _instructions.Count);

    public void GoTo(string label) => JumpTo(label, Jump, 0, 0);

    public void GoToIfZero(int register, string label) => JumpTo(label, JumpIfZero, register, 0);

    /// <summary>Jumps if one register is less than another, compared as unsigned numbers.</summary>
    public void GoToIfLess(int register, int other, string label) => JumpTo(label, JumpIfLess, register, other);

    /// <summary>Returns the encoded instructions.</summary>
    /// <exception cref="InvalidOperationException">A jump distance does not fit into 16 bits.</exception>
    public byte[] ToArray()
    {
        foreach (var (at, label) in _jumps)
        {
            var distance = _labels[label] - at - 1;
            _instructions[at] = _instructions[at] with
            {
                Offset = distance is >= short.MinValue and <= short.MaxValue ? (short)distance : throw new InvalidOperationException("The program is too long for its jumps."),
            };
        }

        var bytes = new byte[_instructions.Count * Instruction.Length];
        for (var i = 0; i < _instructions.Count; i++)
        {
            Encode(_instructions[i], bytes.AsSpan(i * Instruction.Length));
        }

        return bytes;
    }

    private static void Encode(Instruction instruction, Span<byte> bytes)
    {
        bytes[0] = instruction.Code;
        if (BitConverter.IsLittleEndian)
        {
            bytes[1] = (byte)(instruction.Destination | instruction.Source << 4);
            BinaryPrimitives.WriteInt16LittleEndian(bytes[2..], instruction.Offset);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], instruction.Immediate);
        }
        else
        {
            bytes[1] = (byte)(instruction.Destination << 4 | instruction.Source);
            BinaryPrimitives.WriteInt16BigEndian(bytes[2..], instruction.Offset);
            BinaryPrimitives.WriteInt32BigEndian(bytes[4..], instruction.Immediate);
        }
    }

    private void Wide(int register, int kind, ulong number)
    {
        Add(WideLoad, register, kind, 0, (int)(uint)number);
        Add(0, 0, 0, 0, (int)(uint)(number >> 32));
    }

    private void JumpTo(string label, byte code, int register, int other)
    {
        _jumps.Add((_instructions.Count, label));
        Add(code, register, other, 0, 0);
    }

    private void Add(byte code, int destination, int source, int offset, int immediate) => _instructions.Add(new Instruction(code, destination, source, (short)offset, immediate));
}

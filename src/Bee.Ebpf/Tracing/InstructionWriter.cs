using System.Buffers.Binary;

namespace Bee.Ebpf;

/// <summary>Writes the instructions of a small program that Bee itself loads, with jumps to labels.</summary>
/// <remarks>Encoding: <c>struct bpf_insn</c> in include/uapi/linux/bpf.h, in the byte order of this machine.</remarks>
internal sealed class InstructionWriter
{
    /// <summary>The stack's end, as a register.</summary>
    public const int FramePointer = 10;

    private const byte WideLoad = 0x18, LoadWord64 = 0x79, StoreWord64 = 0x7b, StoreWord32 = 0x63, StoreNumber64 = 0x7a, AtomicAdd64 = 0xdb,
        CopyNumber = 0xb7, CopyRegister = 0xbf, AddNumber = 0x07, Jump = 0x05, JumpIfZero = 0x15, JumpIfLess = 0xad, CallHelper = 0x85, ExitCode = 0x95;

    private const int MapDescriptor = 1;

    private readonly List<Instruction> _instructions = [];
    private readonly Dictionary<string, int> _labels = [];
    private readonly List<(int At, string Label)> _jumps = [];

    public void Set(int register, int number) => Add(CopyNumber, register, 0, 0, number);

    public void Copy(int to, int from) => Add(CopyRegister, to, from, 0, 0);

    public void AddTo(int register, int number) => Add(AddNumber, register, 0, 0, number);

    public void SetWide(int register, ulong number) => Wide(register, 0, number);

    public void SetMap(int register, int descriptor) => Wide(register, MapDescriptor, (uint)descriptor);

    /// <summary>Puts <c>register + number</c> into another register.</summary>
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

    /// <summary>Jumps where one register is less than another, both unsigned.</summary>
    public void GoToIfLess(int register, int other, string label) => JumpTo(label, JumpIfLess, register, other);

    /// <summary>Returns the instructions as the kernel takes them.</summary>
    /// <exception cref="InvalidOperationException">A jump is farther than an instruction can say.</exception>
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

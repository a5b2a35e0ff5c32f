using System.Buffers.Binary;

namespace Bee.Ebpf;

/// <summary>The classes of BPF instructions (the three low bits of the code).</summary>
internal enum InstructionClass
{
    Load = 0,
    LoadMemory = 1,
    StoreImmediate = 2,
    StoreRegister = 3,
    Alu32 = 4,
    Jump = 5,
    Jump32 = 6,
    Alu64 = 7,
}

/// <summary>An instruction of 8 bytes; a load of 64 bits takes two.</summary>
/// <param name="Code">Class, operation and form.</param>
/// <param name="Destination">The register that is written, or compared.</param>
/// <param name="Source">The other register, or what kind of load or call it is.</param>
/// <param name="Offset">Of a jump in instructions from the next, of memory in bytes.</param>
/// <param name="Immediate">A number.</param>
internal readonly record struct Instruction(byte Code, int Destination, int Source, short Offset, int Immediate)
{
    public const int Length = 8;

    /// <summary>What may stand in <see cref="Source"/> of a call.</summary>
    public const int HelperCall = 0, FunctionCall = 1, KernelFunctionCall = 2;

    private const byte WideLoad = 0x18, CallCode = 0x85, ExitCode = 0x95, Jump = 0x05, LongJump = 0x06;

    public static Instruction At(ReadOnlySpan<byte> code, int offset)
    {
        var bytes = code.Slice(offset, Length);
        return new Instruction(
            bytes[0], bytes[1] & 0xf, bytes[1] >> 4, BinaryPrimitives.ReadInt16LittleEndian(bytes[2..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]));
    }

    public InstructionClass Class => (InstructionClass)(Code & 7);

    /// <summary>The operation of an arithmetic instruction or a jump: the four high bits.</summary>
    public int Operation => Code & 0xf0;

    /// <summary>True where the other operand is a register and not <see cref="Immediate"/>.</summary>
    public bool UsesRegister => (Code & 8) != 0;

    public bool IsWideLoad => Code == WideLoad;

    public bool IsCall => Code == CallCode;

    public bool IsExit => Code == ExitCode;

    public bool IsJump => Class is InstructionClass.Jump or InstructionClass.Jump32 && !IsCall && !IsExit;

    public bool IsPlainJump => Code is Jump or LongJump;

    /// <summary>How far a jump goes, in instructions from the next one.</summary>
    public int Distance => Code == LongJump ? Immediate : Offset;

    /// <summary>Bytes that a load or store moves.</summary>
    public int MemorySize => (Code & 0x18) switch { 0x00 => 4, 0x08 => 2, 0x10 => 1, _ => 8 };

    /// <summary>The number of a load of 64 bits.</summary>
    public ulong WideImmediate(Instruction second) => (uint)Immediate | (ulong)(uint)second.Immediate << 32;
}

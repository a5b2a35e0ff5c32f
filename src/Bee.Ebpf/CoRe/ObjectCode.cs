using System.Buffers.Binary;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.CoRe;

/// <summary>A function of an object: a program or a subprogram.</summary>
/// <param name="Name">The C name.</param>
/// <param name="Section">The index of its section.</param>
/// <param name="Start">The offset in the section, in bytes.</param>
/// <param name="Length">The length in bytes.</param>
/// <param name="Program">The program, or null for a subprogram.</param>
internal sealed record CodeFunction(string Name, int Section, int Start, int Length, ProgramDescription? Program)
{
    public int End => Start + Length;
}

/// <summary>The instructions of an object, with its symbols and line numbers.</summary>
internal sealed class ObjectCode
{
    private readonly Dictionary<(int Section, long Offset), ElfRelocation> _relocations = [];
    private readonly List<SourceLine> _lines;

    private ObjectCode(ElfFile elf, ObjectFile file)
    {
        Elf = elf;
        File = file;
        var programs = file.Programs.ToDictionary(p => p.Name, StringComparer.Ordinal);
        Functions = [.. from f in ProgramReader.Functions(elf)
                        let program = f.Section.Name == ProgramReader.SharedCode ? null : programs.GetValueOrDefault(f.Symbol.Name)
                        select new CodeFunction(f.Symbol.Name, f.Section.Index, (int)f.Symbol.Value, (int)f.Symbol.Size, program)];
        foreach (var section in elf.Sections.Where(s => s.Type == ElfSectionType.Relocations && elf.Sections[s.Info].IsCode))
        {
            foreach (var relocation in ElfRelocations.Read(elf, section))
            {
                _relocations.TryAdd((section.Info, relocation.Offset), relocation);
            }
        }

        _lines = file.Btf is { } btf ? BtfExtReader.Lines(elf, btf) : [];
        _lines.Sort((a, b) => a.Section != b.Section ? a.Section.CompareTo(b.Section) : a.Offset.CompareTo(b.Offset));
    }

    public ElfFile Elf { get; }

    public ObjectFile File { get; }

    /// <summary>The functions, by section and offset.</summary>
    public IReadOnlyList<CodeFunction> Functions { get; }

    /// <summary>Parses the code of an object, which was validated when it was read.</summary>
    public static ObjectCode Read(ObjectFile file) => new(ElfFile.Parse(file.Bytes), file);

    /// <summary>Returns the instructions of a section.</summary>
    public ReadOnlySpan<byte> Bytes(int section) => Elf.Data(Elf.Sections[section]).Span;

    /// <summary>Returns the function at an offset, or null.</summary>
    public CodeFunction? At(int section, long offset)
    {
        var (low, high) = (0, Functions.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            var function = Functions[middle];
            var isBefore = function.Section != section ? function.Section < section : function.Start <= offset;
            (low, high) = isBefore ? (middle + 1, high) : (low, middle);
        }

        return low > 0 && Functions[low - 1] is { } found && found.Section == section && offset < found.End ? found : null;
    }

    /// <summary>Returns the symbol whose address belongs into an instruction, or null.</summary>
    public ElfSymbol? SymbolAt(int section, long offset) =>
        _relocations.TryGetValue((section, offset), out var relocation) ? Elf.Symbols[relocation.Symbol] : null;

    /// <summary>Returns the source line of an instruction, or null if unknown.</summary>
    public SourceLine? LineAt(int section, long offset)
    {
        // Find the last line that begins at or before the instruction, in the same function.
        var (low, high) = (0, _lines.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            var line = _lines[middle];
            var isBefore = line.Section != section ? line.Section < section : line.Offset <= offset;
            (low, high) = isBefore ? (middle + 1, high) : (low, middle);
        }

        return low > 0 && _lines[low - 1] is { } found && found.Section == section && At(section, offset) is { } function && found.Offset >= function.Start ? found : null;
    }

    /// <summary>Returns the target of a call (<see cref="Instruction.FunctionCall"/>), or null if it is a kernel function or invalid.</summary>
    public CodeFunction? Called(int section, int offset, Instruction call)
    {
        var target = (long)call.Immediate + 1;
        return SymbolAt(section, offset) is { } symbol
            ? symbol.Section == 0 ? null : At(symbol.Section, symbol.Value + target * Instruction.Length)
            : At(section, offset + Instruction.Length * target);
    }
}

/// <summary>The classes of BPF instructions (the three low bits of the opcode).</summary>
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

/// <summary>An instruction of 8 bytes. A 64-bit load takes two.</summary>
/// <param name="Code">The opcode: class, operation and form.</param>
/// <param name="Destination">The register that is written or compared.</param>
/// <param name="Source">The other register, or the kind of a load or call.</param>
/// <param name="Offset">For jumps, the distance in instructions from the next one; for memory, an offset in bytes.</param>
/// <param name="Immediate">The immediate operand.</param>
internal readonly record struct Instruction(byte Code, int Destination, int Source, short Offset, int Immediate)
{
    public const int Length = 8;

    /// <summary>Values of <see cref="Source"/> in calls.</summary>
    public const int HelperCall = 0, FunctionCall = 1, KernelFunctionCall = 2;

    private const byte WideLoad = 0x18, CallCode = 0x85, ExitCode = 0x95, Jump = 0x05, LongJump = 0x06;

    public static Instruction At(ReadOnlySpan<byte> code, int offset)
    {
        var bytes = code.Slice(offset, Length);
        return new Instruction(
            bytes[0], bytes[1] & 0xf, bytes[1] >> 4, BinaryPrimitives.ReadInt16LittleEndian(bytes[2..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]));
    }

    public InstructionClass Class => (InstructionClass)(Code & 7);

    /// <summary>The operation of an arithmetic instruction or jump: the four high bits of the opcode.</summary>
    public int Operation => Code & 0xf0;

    /// <summary>True if the other operand is a register, not <see cref="Immediate"/>.</summary>
    public bool UsesRegister => (Code & 8) != 0;

    public bool IsWideLoad => Code == WideLoad;

    public bool IsCall => Code == CallCode;

    public bool IsExit => Code == ExitCode;

    public bool IsJump => Class is InstructionClass.Jump or InstructionClass.Jump32 && !IsCall && !IsExit;

    public bool IsPlainJump => Code is Jump or LongJump;

    /// <summary>The distance of a jump, in instructions from the next one.</summary>
    public int Distance => Code == LongJump ? Immediate : Offset;

    /// <summary>The number of bytes that a load or store moves.</summary>
    public int MemorySize => (Code & 0x18) switch { 0x00 => 4, 0x08 => 2, 0x10 => 1, _ => 8 };

    /// <summary>Returns the number of a 64-bit load.</summary>
    public ulong WideImmediate(Instruction second) => (uint)Immediate | (ulong)(uint)second.Immediate << 32;
}

using System.Buffers.Binary;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.CoRe;

/// <summary>A function of an object file: a program, or one that programs call.</summary>
/// <param name="Name">Its name in C.</param>
/// <param name="Section">The index of its section.</param>
/// <param name="Start">Where it begins in the section, in bytes.</param>
/// <param name="Length">How many bytes it has.</param>
/// <param name="Program">The program that it is, or null.</param>
internal sealed record CodeFunction(string Name, int Section, int Start, int Length, ProgramDescription? Program)
{
    public int End => Start + Length;
}

/// <summary>The instructions of an object file, and what its symbols and line numbers say of them.</summary>
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

    /// <summary>The functions, by section and place.</summary>
    public IReadOnlyList<CodeFunction> Functions { get; }

    /// <summary>Takes an object apart that has been read, and so checked, before.</summary>
    public static ObjectCode Read(ObjectFile file) => new(ElfFile.Parse(file.Bytes), file);

    /// <summary>A section's instructions.</summary>
    public ReadOnlySpan<byte> Bytes(int section) => Elf.Data(Elf.Sections[section]).Span;

    /// <summary>The function at a place, or null between two.</summary>
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

    /// <summary>The symbol whose address belongs into an instruction, or null.</summary>
    public ElfSymbol? SymbolAt(int section, long offset) =>
        _relocations.TryGetValue((section, offset), out var relocation) ? Elf.Symbols[relocation.Symbol] : null;

    /// <summary>Where in the source an instruction comes from, or null where nothing tells.</summary>
    public SourceLine? LineAt(int section, long offset)
    {
        // The last line that begins at the instruction or before it, if it belongs to the same function.
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

    /// <summary>The function that a call of <see cref="Instruction.FunctionCall"/> goes to, or null where it is the kernel's or leads nowhere.</summary>
    public CodeFunction? Called(int section, int offset, Instruction call)
    {
        var target = (long)call.Immediate + 1;
        return SymbolAt(section, offset) is { } symbol
            ? symbol.Section == 0 ? null : At(symbol.Section, symbol.Value + target * Instruction.Length)
            : At(section, offset + Instruction.Length * target);
    }
}

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

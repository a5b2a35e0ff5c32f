using System.Buffers.Binary;
using System.Text;

namespace Bee.Ebpf.Elf;

/// <summary>
/// The header of a 64-bit little-endian ELF file. The types in this file decode the structures of elf(5) and validate nothing: <see cref="ElfFile"/> rejects
/// invalid values, <see cref="ElfImage"/> skips them.
/// </summary>
internal readonly record struct ElfHeader(
    uint Version, ulong SegmentTable, ulong SectionTable, int Length, int SegmentLength, int SegmentCount, int SectionLength, int SectionCount, int NameSection)
{
    /// <summary>The length of the header.</summary>
    public const int Size = 64;

    /// <summary>Decodes a header of at least <see cref="Size"/> bytes.</summary>
    public static ElfHeader Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[52..]),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[54..]),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[56..]),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[58..]),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[60..]),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[62..]));
}

/// <summary>An entry of the segment table (program header).</summary>
internal readonly record struct ElfSegmentEntry(ElfSegmentType Type, ulong Offset, ulong Address, ulong FileSize)
{
    /// <summary>The length of an entry.</summary>
    public const int Size = 56;

    /// <summary>Decodes the entry at an index.</summary>
    public static ElfSegmentEntry Read(ReadOnlySpan<byte> table, int index)
    {
        var entry = table.Slice(index * Size, Size);
        return new ElfSegmentEntry(
            (ElfSegmentType)BinaryPrimitives.ReadUInt32LittleEndian(entry),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]));
    }
}

/// <summary>An entry of the section table (section header).</summary>
internal readonly record struct ElfSectionEntry(
    uint Name, ElfSectionType Type, ulong Flags, ulong Offset, ulong Length, uint Link, uint Info, ulong Alignment, ulong EntryLength)
{
    /// <summary>The length of an entry.</summary>
    public const int Size = 64;

    /// <summary>Decodes the entry at an index.</summary>
    public static ElfSectionEntry Read(ReadOnlySpan<byte> table, int index)
    {
        var entry = table.Slice(index * Size, Size);
        return new ElfSectionEntry(
            BinaryPrimitives.ReadUInt32LittleEndian(entry),
            (ElfSectionType)BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]),
            BinaryPrimitives.ReadUInt32LittleEndian(entry[40..]),
            BinaryPrimitives.ReadUInt32LittleEndian(entry[44..]),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[48..]),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[56..]));
    }
}

/// <summary>An entry of a symbol table.</summary>
internal readonly record struct ElfSymbolEntry(uint Name, ElfSymbolType Type, ElfBinding Binding, int Section, ulong Value, ulong Length)
{
    /// <summary>The length of an entry.</summary>
    public const int Size = 24;

    /// <summary>Decodes the entry at an index.</summary>
    public static ElfSymbolEntry Read(ReadOnlySpan<byte> table, int index)
    {
        var entry = table.Slice(index * Size, Size);
        return new ElfSymbolEntry(
            BinaryPrimitives.ReadUInt32LittleEndian(entry),
            (ElfSymbolType)(entry[4] & 0xf),
            (ElfBinding)(entry[4] >> 4),
            BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]));
    }

    /// <summary>Makes a symbol of a table global.</summary>
    public static void MakeGlobal(Span<byte> table, int index)
    {
        ref var info = ref table[index * Size + 4];
        info = (byte)((int)ElfBinding.Global << 4 | info & 0xf);
    }
}

/// <summary>String tables: NUL-terminated strings, addressed by offset.</summary>
internal static class ElfStrings
{
    /// <summary>Decodes the string at an offset; empty if no NUL follows within <paramref name="most"/> bytes.</summary>
    public static string Read(ReadOnlySpan<byte> table, int start, int most = int.MaxValue)
    {
        var rest = table[start..];
        var end = rest[..Math.Min(rest.Length, most)].IndexOf((byte)0);
        return end <= 0 ? "" : Encoding.UTF8.GetString(rest[..end]);
    }
}

/// <summary>The segment types that Bee uses (PT_*).</summary>
internal enum ElfSegmentType : uint
{
    Load = 1,
    Note = 4,
}

/// <summary>The section types that Bee uses (SHT_*).</summary>
internal enum ElfSectionType : uint
{
    Null = 0,
    ProgramBits = 1,
    SymbolTable = 2,
    StringTable = 3,
    RelocationsWithAddend = 4,
    Note = 7,
    NoBits = 8,
    Relocations = 9,
    DynamicSymbols = 11,
}

/// <summary>The symbol types that Bee uses (STT_*).</summary>
internal enum ElfSymbolType
{
    None = 0,
    Object = 1,
    Function = 2,
    Section = 3,
    File = 4,
    IndirectFunction = 10,
}

/// <summary>The binding of a symbol (STB_*).</summary>
internal enum ElfBinding
{
    Local = 0,
    Global = 1,
    Weak = 2,
}

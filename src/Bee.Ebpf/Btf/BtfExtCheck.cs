using System.Buffers.Binary;
using Bee.Ebpf.Elf;

namespace Bee.Ebpf.Btf;

/// <summary>
/// Validates .BTF.ext, which maps instructions to functions and source lines, and lists those that depend on the layout of kernel
/// types (CO-RE). libbpf reads the section and trusts it.
/// </summary>
internal static class BtfExtCheck
{
    private const string Section = ".BTF.ext";
    private const ushort Magic = 0xeb9f;
    private const int ShortHeader = 24;
    private const int HeaderWithRelocations = 32;
    private const int MaxRecord = 252;

    public static void Check(ElfFile elf, BtfSpec? btf)
    {
        if (elf.Find(Section) is not { } section)
        {
            return;
        }

        if (btf is null)
        {
            throw BtfReader.Damaged("the object has .BTF.ext but no .BTF");
        }

        var data = elf.Data(section).Span;
        if (data.Length < ShortHeader || BinaryPrimitives.ReadUInt16LittleEndian(data) != Magic || data[2] != 1 || data[3] != 0)
        {
            throw BtfReader.Damaged(".BTF.ext has no valid header");
        }

        var header = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
        if (header < ShortHeader || header >= data.Length || header % 4 != 0)
        {
            throw BtfReader.Damaged($"the header of .BTF.ext claims {header} bytes");
        }

        var body = data[(int)header..];
        var records = new BtfExtRecords(elf, btf.Table);
        CheckPart(body, data[8..], BtfExtPart.Functions, records);
        CheckPart(body, data[16..], BtfExtPart.Lines, records);
        if (header >= HeaderWithRelocations)
        {
            CheckPart(body, data[24..], BtfExtPart.Relocations, records);
        }
    }

    private static void CheckPart(ReadOnlySpan<byte> body, ReadOnlySpan<byte> place, BtfExtPart part, BtfExtRecords records)
    {
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(place);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(place[4..]);
        if (length == 0)
        {
            return;
        }

        if (offset % 4 != 0 || (ulong)offset + length > (ulong)body.Length || length % 4 != 0 || length < 16)
        {
            throw BtfReader.Damaged($"the {part} of .BTF.ext lie outside the section");
        }

        var rest = body.Slice((int)offset, (int)length);
        var size = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        if (size < BtfExtRecords.Length(part) || size > MaxRecord || size % 4 != 0)
        {
            throw BtfReader.Damaged($"the {part} of .BTF.ext claim {size} bytes each");
        }

        rest = rest[4..];
        while (!rest.IsEmpty)
        {
            var name = rest.Length >= 8 ? BinaryPrimitives.ReadUInt32LittleEndian(rest) : 0;
            var count = rest.Length >= 8 ? BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]) : 0;
            if (count == 0 || (ulong)count * size > (ulong)rest.Length - 8)
            {
                throw BtfReader.Damaged($"the {part} of .BTF.ext lie outside the section");
            }

            records.Check(part, name, rest.Slice(8, (int)(count * size)), (int)size);
            rest = rest[(8 + (int)(count * size))..];
        }
    }
}

/// <summary>The three parts of .BTF.ext.</summary>
internal enum BtfExtPart
{
    Functions,
    Lines,
    Relocations,
}

/// <summary>Validates the records of .BTF.ext against instructions, types and strings.</summary>
internal sealed class BtfExtRecords(ElfFile elf, BtfTable table)
{
    private const int InstructionLength = 8;

    // The highest relocation kind that exists. Loaders reject unknown kinds.
    private const uint MaxRelocationKind = 13;

    // Loaders reject longer paths of members.
    private const int MaxPath = 64;

    /// <summary>Returns the minimum length of a record.</summary>
    public static uint Length(BtfExtPart part) => part == BtfExtPart.Functions ? 8u : 16u;

    /// <summary>Validates the records of one section.</summary>
    public void Check(BtfExtPart part, uint sectionName, ReadOnlySpan<byte> records, int length)
    {
        var section = elf.Find(Name(sectionName));
        if (section is not { IsCode: true })
        {
            throw BtfReader.Damaged($".BTF.ext describes '{Name(sectionName)}', which is not a section of instructions");
        }

        long last = -1;
        for (var at = 0; at < records.Length; at += length)
        {
            var record = records.Slice(at, length);
            var offset = BinaryPrimitives.ReadUInt32LittleEndian(record);
            var ordered = part == BtfExtPart.Relocations || offset > last;
            if (offset % InstructionLength != 0 || offset >= section.Size || !ordered)
            {
                throw BtfReader.Damaged($".BTF.ext describes offset {offset} of '{section.Name}', where no instruction begins");
            }

            last = offset;
            var word1 = BinaryPrimitives.ReadUInt32LittleEndian(record[4..]);
            var word2 = length > 8 ? BinaryPrimitives.ReadUInt32LittleEndian(record[8..]) : 0;
            var word3 = length > 12 ? BinaryPrimitives.ReadUInt32LittleEndian(record[12..]) : 0;
            var fine = part switch
            {
                BtfExtPart.Functions => word1 < table.TypeCount && table.Kind(word1) == BtfKind.Function,
                BtfExtPart.Lines => word1 < table.StringsLength && word2 < table.StringsLength,
                _ => word1 > 0 && word1 < table.TypeCount && word2 < table.StringsLength && IsPath(table.TextBytes(word2)) && word3 <= MaxRelocationKind,
            };
            if (!fine)
            {
                throw BtfReader.Damaged($".BTF.ext describes the instruction of '{section.Name}' at {offset} with types or names that do not exist");
            }
        }
    }

    private string Name(uint offset) => offset < table.StringsLength
        ? table.Text(offset)
        : throw BtfReader.Damaged(".BTF.ext names a section outside the string table");

    // Numbers separated by colons, such as 0:1:5.
    private static bool IsPath(ReadOnlySpan<byte> text)
    {
        var digits = 0;
        var parts = 1;
        foreach (var c in text)
        {
            if (c == ':' && digits > 0)
            {
                digits = 0;
                parts++;
            }
            else if (c is >= (byte)'0' and <= (byte)'9' && digits < 9)
            {
                digits++;
            }
            else
            {
                return false;
            }
        }

        return digits > 0 && parts <= MaxPath;
    }
}

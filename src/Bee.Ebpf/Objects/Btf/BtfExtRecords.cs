using System.Buffers.Binary;

namespace Bee.Ebpf;

/// <summary>The three parts of .BTF.ext.</summary>
internal enum BtfExtPart
{
    Functions,
    Lines,
    Relocations,
}

/// <summary>Checks the records of .BTF.ext against instructions, types and strings.</summary>
internal sealed class BtfExtRecords(ElfFile elf, BtfTable table)
{
    private const int InstructionLength = 8;

    // The kinds of relocation that have a number today; a loader refuses those that it does not know.
    private const uint MaxRelocationKind = 13;

    // A path of members deeper than this is refused by the loader.
    private const int MaxPath = 64;

    /// <summary>The least length of a record of a part.</summary>
    public static uint Length(BtfExtPart part) => part == BtfExtPart.Functions ? 8u : 16u;

    /// <summary>Checks the records for one section.</summary>
    public void Check(BtfExtPart part, uint sectionName, ReadOnlySpan<byte> records, int length)
    {
        var section = elf.Find(Name(sectionName));
        if (section is not { IsCode: true })
        {
            throw BtfReader.Damaged($".BTF.ext describes '{Name(sectionName)}', which is no section of instructions");
        }

        long last = -1;
        for (var at = 0; at < records.Length; at += length)
        {
            var record = records.Slice(at, length);
            var offset = BinaryPrimitives.ReadUInt32LittleEndian(record);
            var ordered = part == BtfExtPart.Relocations || offset > last;
            if (offset % InstructionLength != 0 || offset >= section.Size || !ordered)
            {
                throw BtfReader.Damaged($".BTF.ext describes no instruction of '{section.Name}' at {offset}");
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

    // Numbers with colons between them, as in 0:1:5.
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

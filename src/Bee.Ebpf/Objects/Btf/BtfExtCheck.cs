using System.Buffers.Binary;

namespace Bee.Ebpf;

/// <summary>
/// Checks .BTF.ext, which tells for instructions what function and line they belong to, and which of them depend on the layout of kernel
/// types (CO-RE). Nothing here reads it; the loader does, and trusts it.
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
            throw BtfReader.Damaged("there is .BTF.ext without .BTF");
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
            throw BtfReader.Damaged($"the {part} of .BTF.ext lie outside it");
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
                throw BtfReader.Damaged($"the {part} of .BTF.ext lie outside it");
            }

            records.Check(part, name, rest.Slice(8, (int)(count * size)), (int)size);
            rest = rest[(8 + (int)(count * size))..];
        }
    }
}

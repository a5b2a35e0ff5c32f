using System.Buffers.Binary;
using System.Globalization;

namespace Bee.Ebpf;

/// <summary>A line of source and the first of the instructions made of it.</summary>
/// <param name="Section">The index of the section.</param>
/// <param name="Offset">Where the instruction stands in the section, in bytes.</param>
/// <param name="File">The file as the compiler knew it.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Text">The line itself.</param>
internal sealed record SourceLine(int Section, int Offset, string File, int Line, string Text);

/// <summary>Reads .BTF.ext, which <see cref="BtfExtCheck"/> has checked.</summary>
internal static class BtfExtReader
{
    private const string SectionName = ".BTF.ext";
    private const int LinePlace = 16, RelocationPlace = 24, HeaderWithRelocations = 32;
    private const int BitsOfColumn = 10;

    /// <summary>The source lines, by section and place.</summary>
    public static List<SourceLine> Lines(ElfFile elf, BtfSpec btf) =>
        [.. from r in Records(elf, btf, LinePlace)
            select new SourceLine(r.Section, (int)Word(r.Bytes, 0), btf.Table.Text(Word(r.Bytes, 1)), (int)(Word(r.Bytes, 3) >> BitsOfColumn), btf.Table.Text(Word(r.Bytes, 2)).Trim())];

    /// <summary>The CO-RE relocations in the order that they have in the file.</summary>
    public static List<CoreRelocation> Relocations(ElfFile elf, BtfSpec btf) =>
        [.. from r in Records(elf, btf, RelocationPlace)
            select new CoreRelocation(r.Section, (int)Word(r.Bytes, 0), (CoreRelocationKind)Word(r.Bytes, 3), btf.Types[(int)Word(r.Bytes, 1)], Path(btf.Table.Text(Word(r.Bytes, 2))))];

    private static int[] Path(string text) => Array.ConvertAll(text.Split(':'), part => int.Parse(part, CultureInfo.InvariantCulture));

    private static uint Word(ReadOnlyMemory<byte> bytes, int index) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span[(4 * index)..]);

    private static IEnumerable<(int Section, ReadOnlyMemory<byte> Bytes)> Records(ElfFile elf, BtfSpec btf, int place)
    {
        if (elf.Find(SectionName) is not { } section)
        {
            yield break;
        }

        var data = elf.Data(section);
        var header = (int)Word(data[4..], 0);
        if (place == RelocationPlace && header < HeaderWithRelocations)
        {
            yield break;
        }

        // Where an empty part would begin was not checked.
        var length = (int)Word(data[place..], 1);
        if (length == 0)
        {
            yield break;
        }

        var part = data.Slice(header + (int)Word(data[place..], 0), length);

        var size = (int)Word(part, 0);
        for (part = part[4..]; !part.IsEmpty;)
        {
            var code = elf.Find(btf.Table.Text(Word(part, 0)))!.Index;
            var count = (int)Word(part, 1);
            part = part[8..];
            for (; count > 0; count--, part = part[size..])
            {
                yield return (code, part[..size]);
            }
        }
    }
}

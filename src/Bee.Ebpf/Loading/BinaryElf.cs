using System.Buffers.Binary;
using System.Text;

namespace Bee.Ebpf;

/// <summary>One section of a program or library.</summary>
internal readonly record struct BinarySection(string Name, int Type, ulong Address, int Offset, int Size, int Link);

/// <summary>A program or library of this machine, as far as finding places in it takes: 64-bit, little-endian.</summary>
/// <remarks>What is read here is only looked at: a damaged file gives fewer names. Objects that are loaded go through <see cref="ElfFile"/>.</remarks>
internal sealed class BinaryElf
{
    private const int HeaderSize = 64, SectionSize = 64;
    private const long MostBytes = 512 << 20;
    private readonly byte[] _bytes;

    private BinaryElf(byte[] bytes, IReadOnlyList<BinarySection> sections)
    {
        _bytes = bytes;
        Sections = sections;
    }

    /// <summary>The sections by number.</summary>
    public IReadOnlyList<BinarySection> Sections { get; }

    /// <summary>Reads a file and hands it over; what is no such file, is cut short or cannot be read is passed over.</summary>
    public static void Read(string path, Action<BinaryElf> use)
    {
        try
        {
            var file = new FileInfo(path);
            if (file.Exists && file.Length <= MostBytes && System.IO.File.ReadAllBytes(path) is var bytes && bytes.Length >= HeaderSize && bytes.AsSpan().StartsWith("\u007fELF\u0002\u0001"u8))
            {
                use(new BinaryElf(bytes, ReadSections(bytes)));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException or OverflowException)
        {
            // What was found up to the damage stays found.
        }
    }

    public ReadOnlySpan<byte> Content(BinarySection section) => _bytes.AsSpan(section.Offset, section.Size);

    /// <summary>Text that ends with a zero byte.</summary>
    public static string Text(ReadOnlySpan<byte> at) => Encoding.UTF8.GetString(at[..Math.Max(0, at.IndexOf((byte)0))]);

    private static List<BinarySection> ReadSections(ReadOnlySpan<byte> bytes)
    {
        var table = bytes[checked((int)BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]))..];
        var count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[60..]);
        var names = Plain(table[(BinaryPrimitives.ReadUInt16LittleEndian(bytes[62..]) * SectionSize)..], "");
        var sections = new List<BinarySection>(count);
        for (var i = 0; i < count; i++, table = table[SectionSize..])
        {
            sections.Add(Plain(table, Text(bytes[(names.Offset + BinaryPrimitives.ReadInt32LittleEndian(table))..])));
        }

        return sections;
    }

    private static BinarySection Plain(ReadOnlySpan<byte> header, string name) => new(
        name,
        BinaryPrimitives.ReadInt32LittleEndian(header[4..]),
        BinaryPrimitives.ReadUInt64LittleEndian(header[16..]),
        checked((int)BinaryPrimitives.ReadInt64LittleEndian(header[24..])),
        checked((int)BinaryPrimitives.ReadInt64LittleEndian(header[32..])),
        BinaryPrimitives.ReadInt32LittleEndian(header[40..]));
}

using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Bee.Ebpf.Elf;

/// <summary>
/// The parts of a program or library that symbol names come from: segments, sections, build id. The file comes from the traced process, so no value
/// in it is trusted; invalid values yield no names. Objects to load are read by <see cref="ElfFile"/> instead.
/// </summary>
internal sealed class ElfImage
{
    private const int MostSegments = 512, MostSections = 100_000, MostNoteBytes = 64 << 10;
    private const uint BuildIdNote = 3;
    private const int MostBuildIdBytes = 64;

    private readonly Reader _read;

    private ElfImage(Reader read) => _read = read;

    /// <summary>Reads a part of a file.</summary>
    /// <param name="offset">The offset of the first byte.</param>
    /// <param name="count">The number of bytes.</param>
    /// <returns>The bytes, or null if the file is shorter.</returns>
    public delegate byte[]? Reader(long offset, int count);

    /// <summary>The loaded segments: file offset, length, and address in the file.</summary>
    public IReadOnlyList<(ulong Offset, ulong Size, ulong Address)> Segments { get; private set; } = [];

    /// <summary>The build id in hexadecimal digits, or null.</summary>
    public string? BuildId { get; private set; }

    /// <summary>The section table, in file order.</summary>
    public IReadOnlyList<ElfSectionEntry> Sections { get; private set; } = [];

    /// <summary>Reads the tables of a 64-bit little-endian ELF file; null for any other file.</summary>
    public static ElfImage? Open(Reader read)
    {
        if (read(0, ElfHeader.Size) is not { } bytes || !bytes.AsSpan().StartsWith("\u007fELF\u0002\u0001"u8))
        {
            return null;
        }

        var header = ElfHeader.Read(bytes);
        var image = new ElfImage(read);
        image.ReadSegments(header);
        image.ReadSections(header);
        return image;
    }

    /// <summary>Reads the tables of an open file; null if it is not a 64-bit little-endian ELF file.</summary>
    public static ElfImage? Open(SafeFileHandle file) => Open((offset, count) => ReadPart(file, offset, count));

    /// <summary>Returns a part of the file, or null if the file is shorter or the part exceeds the limit.</summary>
    public byte[]? Read(ulong offset, ulong size, int most) =>
        size <= (ulong)most && offset <= long.MaxValue - (ulong)most ? _read((long)offset, (int)size) : null;

    /// <summary>Returns the bytes of a section, or null.</summary>
    public byte[]? Read(ElfSectionEntry section, int most) => Read(section.Offset, section.Length, most);

    /// <summary>Returns the address of a file offset, or null if no segment loads that offset.</summary>
    public ulong? AddressOf(ulong fileOffset)
    {
        foreach (var (offset, size, address) in Segments)
        {
            if (fileOffset >= offset && fileOffset - offset < size)
            {
                return unchecked(fileOffset - offset + address);
            }
        }

        return null;
    }

    /// <summary>Returns the file offset of an address, or null if no segment contains the address.</summary>
    public ulong? PlaceOf(ulong address)
    {
        foreach (var (offset, size, start) in Segments)
        {
            if (address >= start && address - start < size)
            {
                return unchecked(address - start + offset);
            }
        }

        return null;
    }

    private void ReadSegments(ElfHeader header)
    {
        if (header.SegmentLength != ElfSegmentEntry.Size || header.SegmentCount > MostSegments
            || Read(header.SegmentTable, (ulong)header.SegmentCount * ElfSegmentEntry.Size, MostSegments * ElfSegmentEntry.Size) is not { } table)
        {
            return;
        }

        var segments = new List<(ulong, ulong, ulong)>();
        for (var i = 0; i < header.SegmentCount; i++)
        {
            var (type, offset, address, size) = ElfSegmentEntry.Read(table, i);
            if (type == ElfSegmentType.Load)
            {
                segments.Add((offset, size, address));
            }
            else if (type == ElfSegmentType.Note && BuildId is null && Read(offset, size, MostNoteBytes) is { } notes)
            {
                BuildId = ElfNote.All(notes).FirstOrDefault(n => n.Is("GNU"u8, BuildIdNote) && n.Content.Length is > 0 and <= MostBuildIdBytes) is { Content.Length: > 0 } id
                    ? Convert.ToHexString(id.Content.Span).ToLowerInvariant()
                    : null;
            }
        }

        Segments = segments;
    }

    private void ReadSections(ElfHeader header)
    {
        if (header.SectionCount > MostSections || header.SectionLength != ElfSectionEntry.Size
            || Read(header.SectionTable, (ulong)header.SectionCount * ElfSectionEntry.Size, MostSections * ElfSectionEntry.Size) is not { } table)
        {
            return;
        }

        var sections = new ElfSectionEntry[header.SectionCount];
        for (var i = 0; i < sections.Length; i++)
        {
            sections[i] = ElfSectionEntry.Read(table, i);
        }

        Sections = sections;
    }

    private static byte[]? ReadPart(SafeFileHandle file, long offset, int count)
    {
        try
        {
            // Check the length first, so that a false size allocates no memory.
            if (offset < 0 || offset + count > RandomAccess.GetLength(file))
            {
                return null;
            }

            var bytes = new byte[count];
            for (var got = 0; got < count;)
            {
                var read = RandomAccess.Read(file, bytes.AsSpan(got), offset + got);
                if (read == 0)
                {
                    return null;
                }

                got += read;
            }

            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>An ELF note of a program or library.</summary>
/// <param name="Owner">The owner's name, with its zero byte.</param>
/// <param name="Type">The type of the note, defined by the owner.</param>
/// <param name="Content">The content.</param>
internal readonly record struct ElfNote(ReadOnlyMemory<byte> Owner, uint Type, ReadOnlyMemory<byte> Content)
{
    private const int HeaderSize = 12;

    /// <summary>Returns whether the note has this owner and type.</summary>
    public bool Is(ReadOnlySpan<byte> owner, uint type) => Type == type && Owner.Length == owner.Length + 1 && Owner.Span.StartsWith(owner) && Owner.Span[^1] == 0;

    /// <summary>Returns the notes of a section or segment, up to the first damaged one.</summary>
    public static IEnumerable<ElfNote> All(ReadOnlyMemory<byte> notes)
    {
        // The sizes of name and content, the type, then both, each padded to 4 bytes.
        while (notes.Length >= HeaderSize)
        {
            ulong owner = Number(notes, 0), content = Number(notes, 4), behindOwner = HeaderSize + Padded(owner);
            if (behindOwner + content > (ulong)notes.Length)
            {
                yield break;
            }

            yield return new ElfNote(notes.Slice(HeaderSize, (int)owner), Number(notes, 8), notes.Slice((int)behindOwner, (int)content));
            notes = notes[(int)Math.Min(behindOwner + Padded(content), (ulong)notes.Length)..];
        }
    }

    private static uint Number(ReadOnlyMemory<byte> notes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(notes.Span[at..]);

    private static ulong Padded(ulong length) => (length + 3) & ~3ul;
}

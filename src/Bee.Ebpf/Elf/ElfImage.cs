using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Bee.Ebpf.Elf;

/// <summary>
/// The parts of a program or library that names come from: segments, sections, build id. The file belongs to whoever ran it, so it may say
/// anything; nothing in it is followed unchecked, and what makes no sense gives no names. Objects that are loaded go through <see cref="ElfFile"/>.
/// </summary>
internal sealed class ElfImage
{
    private const int MostSegments = 512, MostSections = 100_000, MostNoteBytes = 64 << 10;
    private const uint BuildIdNote = 3;
    private const int MostBuildIdBytes = 64;

    private readonly Reader _read;

    private ElfImage(Reader read) => _read = read;

    /// <summary>Reads a part of a file.</summary>
    /// <param name="offset">Where it begins.</param>
    /// <param name="count">How many bytes it has.</param>
    /// <returns>The bytes, or null where the file has them not.</returns>
    public delegate byte[]? Reader(long offset, int count);

    /// <summary>What is loaded: a place in the file, its length, and the address that the file gives it.</summary>
    public IReadOnlyList<(ulong Offset, ulong Size, ulong Address)> Segments { get; private set; } = [];

    /// <summary>The build id in hex digits, or null.</summary>
    public string? BuildId { get; private set; }

    /// <summary>The table of sections, as it stands in the file.</summary>
    public IReadOnlyList<ElfSectionEntry> Sections { get; private set; } = [];

    /// <summary>Reads the tables of a 64-bit little-endian ELF file; null for what is none.</summary>
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

    /// <summary>Reads the tables of an open file; null for what is no 64-bit little-endian ELF file.</summary>
    public static ElfImage? Open(SafeFileHandle file) => Open((offset, count) => ReadPart(file, offset, count));

    /// <summary>A part of the file, or null.</summary>
    public byte[]? Read(ulong offset, ulong size, int most) =>
        size <= (ulong)most && offset <= long.MaxValue - (ulong)most ? _read((long)offset, (int)size) : null;

    /// <summary>A section's bytes, or null.</summary>
    public byte[]? Read(ElfSectionEntry section, int most) => Read(section.Offset, section.Length, most);

    /// <summary>The address that the file gives to a place in it, or null where that is not loaded.</summary>
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

    /// <summary>The place in the file of an address, or null where none is loaded there.</summary>
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
            // The length first: what a file only claims to have costs no memory.
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

/// <summary>A note in a program or library: a fact that its owner, some tool, left there.</summary>
/// <param name="Owner">The owner's name, with its zero byte.</param>
/// <param name="Type">The kind of fact, a number of the owner's.</param>
/// <param name="Content">The fact.</param>
internal readonly record struct ElfNote(ReadOnlyMemory<byte> Owner, uint Type, ReadOnlyMemory<byte> Content)
{
    private const int HeaderSize = 12;

    /// <summary>Whether it is an owner's note of some type.</summary>
    public bool Is(ReadOnlySpan<byte> owner, uint type) => Type == type && Owner.Length == owner.Length + 1 && Owner.Span.StartsWith(owner) && Owner.Span[^1] == 0;

    /// <summary>The notes of a section or segment, up to the first that is damaged.</summary>
    public static IEnumerable<ElfNote> All(ReadOnlyMemory<byte> notes)
    {
        // The lengths of name and content, the type, then both, each filled up to 4 bytes.
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

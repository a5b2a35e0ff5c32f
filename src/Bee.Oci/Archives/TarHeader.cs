using System.Text;

namespace Bee.Oci.Archives;

/// <summary>The header block of a tar entry, as POSIX's ustar and GNU's tar have it (POSIX.1-2017, pax, "ustar Interchange Format").</summary>
internal readonly ref struct TarHeader
{
    /// <summary>Everything in a tar archive is a multiple of this.</summary>
    public const int BlockSize = 512;

    private readonly ReadOnlySpan<byte> _block;

    private TarHeader(ReadOnlySpan<byte> block) => _block = block;

    /// <summary>What kind of entry it is.</summary>
    public char Type => (char)_block[156];

    /// <summary>Bytes behind the header.</summary>
    public long Size => Number(_block.Slice(124, 12));

    /// <summary>The name, as far as it fits into the header.</summary>
    public string Name
    {
        get
        {
            string name = Text(_block[..100]);
            string prefix = IsPosix ? Text(_block.Slice(345, 155)) : "";
            return prefix.Length == 0 ? name : $"{prefix}/{name}";
        }
    }

    // GNU's own headers have other things where POSIX has the prefix; their magic ends in a space.
    private bool IsPosix => _block.Slice(257, 6).SequenceEqual("ustar\0"u8);

    /// <summary>Whether a block is all zero, as at the end of an archive.</summary>
    public static bool IsZero(ReadOnlySpan<byte> block) => block.IndexOfAnyExcept((byte)0) < 0;

    /// <summary>Reads a block.</summary>
    /// <exception cref="StoreException">Its checksum is another: it is no header.</exception>
    public static TarHeader Read(ReadOnlySpan<byte> block)
    {
        // The checksum counts its own eight bytes as spaces.
        long sum = 8 * ' ';
        for (int i = 0; i < BlockSize; i++)
        {
            sum += i is >= 148 and < 156 ? 0 : block[i];
        }

        return Number(block.Slice(148, 8)) == sum ? new TarHeader(block) : throw ArchiveReader.Bad("it is no tar archive, or a damaged one (a header's checksum is wrong)");
    }

    /// <summary>Octal digits between spaces and zeros; or, where the first bit is set, a big number in binary, which is GNU's addition.</summary>
    private static long Number(ReadOnlySpan<byte> field)
    {
        long number = 0;
        if ((field[0] & 0x80) != 0)
        {
            // The rest of the first byte is zero in every size that a disk can have.
            foreach (byte b in field[0] == 0x80 ? field[1..] : throw ArchiveReader.Bad("a size is negative, or larger than any file's"))
            {
                number = number >= 1L << 54 ? throw ArchiveReader.Bad("a size is larger than any file's") : number << 8 | b;
            }

            return number;
        }

        ReadOnlySpan<byte> digits = field.Trim(" \0"u8);
        foreach (byte b in digits)
        {
            number = b is >= (byte)'0' and <= (byte)'7' ? number << 3 | (uint)(b - '0') : throw ArchiveReader.Bad("a number in a header is none");
        }

        return number;
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }
}

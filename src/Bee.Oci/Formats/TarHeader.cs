using System.Text;

namespace Bee.Oci.Formats;

/// <summary>The header block of a tar entry, as POSIX's ustar and GNU's tar have it (POSIX.1-2017, pax, "ustar Interchange Format").</summary>
internal readonly ref struct TarHeader
{
    /// <summary>Everything in a tar archive is a multiple of this.</summary>
    public const int BlockSize = 512;

    // The most that eleven octal digits can say.
    private const long Largest = (8L << 30) - 1;

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

        return TryOctal(block.Slice(148, 8), out long said) && said == sum ? new TarHeader(block) : throw ArchiveReader.Bad("it is no tar archive, or a damaged one (a header's checksum is wrong)");
    }

    /// <summary>A header for a file that anyone may read: root's, of the first second of 1970, so that the same file always has the same header.</summary>
    /// <param name="name">Its path: ASCII, 100 characters at most.</param>
    /// <param name="size">Bytes of its content.</param>
    /// <exception cref="StoreException">The content is larger than a header can say.</exception>
    public static byte[] File(string name, long size) => size > Largest
        ? throw new StoreException(StoreFault.TooLarge, $"'{name}' has {size} bytes, more than an archive has room for.")
        : Write(name, '0', "0000644\0", size);

    /// <summary>A header for a folder that anyone may read: root's, of the first second of 1970.</summary>
    /// <param name="name">Its path: ASCII, 99 characters at most.</param>
    public static byte[] Folder(string name) => Write(name.TrimEnd('/') + "/", '5', "0000755\0", 0);

    private static byte[] Write(string name, char type, string mode, long size)
    {
        byte[] block = new byte[BlockSize];
        Put(0, name);
        Put(100, mode);
        Put(108, "0000000\0");
        Put(116, "0000000\0");
        Put(124, Octal(size, 11) + "\0");
        Put(136, "00000000000\0");
        Put(148, "        ");
        Put(156, type.ToString());
        Put(257, "ustar\000");
        Put(329, "0000000\0");
        Put(337, "0000000\0");
        Put(148, Octal(block.Sum(b => b), 6) + "\0 ");
        return block;

        void Put(int at, string text) => Encoding.ASCII.GetBytes(text).CopyTo(block, at);
    }

    private static string Octal(long number, int digits) => Convert.ToString(number, 8).PadLeft(digits, '0');

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

        return TryOctal(field, out number) ? number : throw ArchiveReader.Bad("a number in a header is none");
    }

    private static bool TryOctal(ReadOnlySpan<byte> field, out long number)
    {
        number = 0;
        foreach (byte b in field.Trim(" \0"u8))
        {
            if (b is < (byte)'0' or > (byte)'7')
            {
                return false;
            }

            number = number << 3 | (uint)(b - '0');
        }

        return true;
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }
}

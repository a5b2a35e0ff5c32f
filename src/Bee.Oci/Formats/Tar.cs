using System.Globalization;
using System.Text;
using Bee.Posix;

namespace Bee.Oci.Formats;

/// <summary>
/// Reads an untrusted tar archive, entry by entry. Rejects links, devices, paths outside the archive, duplicate names, and archives beyond the limits.
/// </summary>
/// <remarks>.NET's reader allocates as much memory as the header of an extended attribute claims. This one limits it.</remarks>
internal sealed class ArchiveReader(Stream stream, ArchiveLimits limits)
{
    // Ample for the longest path and for attributes of other tools.
    private const int LongestAttributes = 1 << 20;

    // The most characters of all names together; a hundred thousand blobs need half of it.
    private const int LongestNames = 16 << 20;

    private readonly byte[] _block = new byte[TarHeader.BlockSize];
    private readonly HashSet<string> _names = [];
    private long _position;
    private long _next;
    private int _characters;
    private ArchiveEntry? _current;

    /// <summary>Returns the exception for a rejected archive.</summary>
    public static StoreException Bad(string why, Exception? inner = null) => new(StoreFault.BadArchive, $"The archive is refused: {why}.", inner);

    /// <summary>Returns the next file or directory; null at the end.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.BadArchive"/>, or <see cref="StoreFault.TooLarge"/>.</exception>
    public ArchiveEntry? Next()
    {
        var attributes = new TarAttributes();
        while (true)
        {
            SkipTo(_next);
            if (!ReadBlock() || TarHeader.IsZero(_block))
            {
                return attributes.IsEmpty ? _current = null : throw Bad("it ends after the name of an entry");
            }

            var header = TarHeader.Read(_block);
            long size = attributes.Size is { } said && header.Type is '0' or '\0' or '7' ? attributes.Size!.Value : header.Size;
            Advance(size);
            switch (header.Type)
            {
                case 'x' or 'L':
                    attributes.Add(header.Type, ReadSmall(size));
                    continue;

                case 'g':
                    TarAttributes.CheckGlobal(ReadSmall(size));
                    continue;

                case '0' or '\0' or '7' or '5':
                    return _current = Entry(attributes.Name ?? header.Name, header.Type, size);

                default:
                    throw Bad($"'{TerminalText.Clean(attributes.Name ?? header.Name)}' is {Kind(header.Type)}; only files and directories are allowed");
            }
        }
    }

    /// <summary>Reads content of the current entry; returns 0 at its end.</summary>
    public int Read(Span<byte> buffer)
    {
        ArchiveEntry entry = _current ?? throw new InvalidOperationException("There is no current entry.");
        int wanted = (int)Math.Min(buffer.Length, entry.Offset + entry.Size - _position);
        int read = wanted <= 0 ? 0 : ReadStream(buffer[..wanted]);
        return read > 0 || wanted <= 0 ? read : throw Truncated();
    }

    private ArchiveEntry Entry(string name, char type, long size)
    {
        string path = Relative(name);
        bool isDirectory = type == '5' || (type != '7' && name.EndsWith('/'));
        if (isDirectory && size != 0)
        {
            throw Bad($"the directory '{TerminalText.Clean(name)}' has content");
        }

        _characters += path.Length;
        if (_names.Count >= limits.Entries || _characters > LongestNames)
        {
            throw new StoreException(StoreFault.TooLarge, $"The archive is refused: it has more than {limits.Entries} entries, or names of more than {LongestNames} characters.");
        }

        // Some tools write a directory several times. A duplicate file is rejected: one could be verified and the other used.
        if (!_names.Add(isDirectory ? path + "/" : path) && !isDirectory)
        {
            throw Bad($"it has two entries with the name '{TerminalText.Clean(path)}'");
        }

        return new ArchiveEntry(path, isDirectory, size, _position);
    }

    private static string Relative(string name)
    {
        if (name.Length == 0 || name.StartsWith('/') || name.Contains('\\', StringComparison.Ordinal) || TerminalText.IsUnsafe(name))
        {
            throw Bad($"'{TerminalText.Clean(name)}' is not a relative path");
        }

        string[] parts = [.. name.Split('/').Where(part => part is not ("" or "."))];
        return parts.Contains("..") ? throw Bad($"the path '{TerminalText.Clean(name)}' leads outside the archive") : string.Join('/', parts);
    }

    /// <summary>Sets the position of the next header. Rejects an entry that is too large before it is read.</summary>
    private void Advance(long size)
    {
        if (size > limits.Bytes - _position || size > long.MaxValue - _position - TarHeader.BlockSize)
        {
            throw new StoreException(
                StoreFault.TooLarge, string.Create(CultureInfo.InvariantCulture, $"The archive is refused: unpacked it has more than {limits.Bytes} bytes."));
        }

        _next = _position + ((size + TarHeader.BlockSize - 1) & -TarHeader.BlockSize);
    }

    private byte[] ReadSmall(long size)
    {
        if (size > LongestAttributes)
        {
            throw new StoreException(StoreFault.TooLarge, $"The archive is rejected: the attributes of an entry have {size} bytes, over the limit of {LongestAttributes}.");
        }

        byte[] content = new byte[size];
        for (int filled = 0; filled < content.Length;)
        {
            int read = ReadStream(content.AsSpan(filled));
            filled += read > 0 ? read : throw Truncated();
        }

        return content;
    }

    /// <summary>Reads a header block; returns false at the end of the stream.</summary>
    private bool ReadBlock()
    {
        int filled = 0;
        while (filled < _block.Length)
        {
            int read = ReadStream(_block.AsSpan(filled));
            if (read == 0)
            {
                return filled == 0 ? false : throw (_position < TarHeader.BlockSize ? Bad("it is not a tar archive") : Truncated());
            }

            filled += read;
        }

        return true;
    }

    private void SkipTo(long position)
    {
        if (stream.CanSeek)
        {
            // Seeking beyond the end succeeds.
            _position = stream.Length >= position ? stream.Seek(position, SeekOrigin.Begin) : throw Truncated();
            return;
        }

        byte[] buffer = new byte[(int)Math.Min(81_920, Math.Max(0, position - _position))];
        while (_position < position)
        {
            if (ReadStream(buffer.AsSpan(0, (int)Math.Min(buffer.Length, position - _position))) == 0)
            {
                throw Truncated();
            }
        }
    }

    private int ReadStream(Span<byte> buffer)
    {
        try
        {
            int read = stream.Read(buffer);
            _position += read;
            return read;
        }
        catch (InvalidDataException e)
        {
            throw Bad($"its compression is damaged ({e.Message.TrimEnd('.')})", e);
        }
    }

    private static StoreException Truncated() => Bad("it ends in the middle of an entry");

    private static string Kind(char type) => type switch
    {
        '1' => "a hard link",
        '2' => "a symbolic link",
        '3' or '4' => "a device",
        '6' => "a named pipe",
        'S' => "a sparse file",
        'K' => "a link with a long target",
        _ => $"of the unknown type '{TerminalText.Clean(type.ToString())}'",
    };
}

/// <summary>A file or directory of an archive.</summary>
/// <param name="Name">The relative path, without <c>.</c> and <c>..</c>; empty for the root.</param>
/// <param name="IsDirectory">True for a directory, which has no content.</param>
/// <param name="Size">The size of the content in bytes.</param>
/// <param name="Offset">The offset of the content in the archive.</param>
internal sealed record ArchiveEntry(string Name, bool IsDirectory, long Size, long Offset);

/// <summary>Limits for untrusted archives.</summary>
/// <param name="Entries">The most entries.</param>
/// <param name="Bytes">The most uncompressed bytes of the whole archive.</param>
internal sealed record ArchiveLimits(int Entries, long Bytes)
{
    /// <summary>The limits for a layer with one object: 256 MiB, four times the limit for programs.</summary>
    public static ArchiveLimits Layer { get; } = new(10_000, 4L * StoreLimits.Program);

    /// <summary>The limits for an image layout. Its bytes are not limited, because they stay on disk.</summary>
    public static ArchiveLimits Layout { get; } = new(200_000, long.MaxValue);
}

/// <summary>The header block of a tar entry in the ustar format, or GNU tar's (POSIX.1-2017, pax, "ustar Interchange Format").</summary>
internal readonly ref struct TarHeader
{
    /// <summary>The block size; all parts of an archive are multiples of it.</summary>
    public const int BlockSize = 512;

    // The largest number of eleven octal digits.
    private const long Largest = (8L << 30) - 1;

    private readonly ReadOnlySpan<byte> _block;

    private TarHeader(ReadOnlySpan<byte> block) => _block = block;

    /// <summary>The type of the entry.</summary>
    public char Type => (char)_block[156];

    /// <summary>The size of the content in bytes.</summary>
    public long Size => Number(_block.Slice(124, 12));

    /// <summary>The name, which may be truncated.</summary>
    public string Name
    {
        get
        {
            string name = Text(_block[..100]);
            string prefix = IsPosix ? Text(_block.Slice(345, 155)) : "";
            return prefix.Length == 0 ? name : $"{prefix}/{name}";
        }
    }

    // GNU headers have no prefix; their magic ends in a space.
    private bool IsPosix => _block.Slice(257, 6).SequenceEqual("ustar\0"u8);

    /// <summary>Checks whether a block is all zero, as at the end of an archive.</summary>
    public static bool IsZero(ReadOnlySpan<byte> block) => block.IndexOfAnyExcept((byte)0) < 0;

    /// <summary>Reads a block.</summary>
    /// <exception cref="StoreException">The checksum is wrong.</exception>
    public static TarHeader Read(ReadOnlySpan<byte> block)
    {
        // The checksum counts its own eight bytes as spaces.
        long sum = 8 * ' ';
        for (int i = 0; i < BlockSize; i++)
        {
            sum += i is >= 148 and < 156 ? 0 : block[i];
        }

        return TryOctal(block.Slice(148, 8), out long said) && said == sum ? new TarHeader(block) : throw ArchiveReader.Bad("it is not a tar archive, or it is damaged (the checksum of a header is wrong)");
    }

    /// <summary>Returns a header for a world-readable file of root, dated 1970-01-01, so that the same file always has the same header.</summary>
    /// <param name="name">Its path: ASCII, 100 characters at most.</param>
    /// <param name="size">Bytes of its content.</param>
    /// <exception cref="StoreException">The content is too large for a header.</exception>
    public static byte[] File(string name, long size) => size > Largest
        ? throw new StoreException(StoreFault.TooLarge, $"'{name}' has {size} bytes, more than an archive has room for.")
        : Write(name, '0', "0000644\0", size);

    /// <summary>Returns a header for a world-readable folder of root, dated 1970-01-01.</summary>
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

    /// <summary>Parses octal digits, padded with spaces or zeros; or, if the first bit is set, GNU's binary number.</summary>
    private static long Number(ReadOnlySpan<byte> field)
    {
        long number = 0;
        if ((field[0] & 0x80) != 0)
        {
            // The rest of the first byte is zero for every realistic size.
            foreach (byte b in field[0] == 0x80 ? field[1..] : throw ArchiveReader.Bad("a size is negative, or larger than any file's"))
            {
                number = number >= 1L << 54 ? throw ArchiveReader.Bad("a size is larger than any file's") : number << 8 | b;
            }

            return number;
        }

        return TryOctal(field, out number) ? number : throw ArchiveReader.Bad("a numeric field of a header is not a number");
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

/// <summary>Extended headers (POSIX) and long names (GNU), which precede a tar entry and replace parts of its header.</summary>
internal sealed class TarAttributes
{
    /// <summary>The name; null to use the header's.</summary>
    public string? Name { get; private set; }

    /// <summary>The size of the content; null to use the header's.</summary>
    public long? Size { get; private set; }

    /// <summary>True if there are no attributes.</summary>
    public bool IsEmpty { get; private set; } = true;

    /// <summary>Adds an attribute entry.</summary>
    /// <param name="type"><c>x</c> for POSIX's, <c>L</c> for GNU's long name.</param>
    /// <param name="content">Its content.</param>
    /// <exception cref="StoreException">The entry is damaged, or contains a forbidden attribute.</exception>
    public void Add(char type, ReadOnlySpan<byte> content)
    {
        IsEmpty = false;
        if (type == 'L')
        {
            int end = content.IndexOf((byte)0);
            Name = Encoding.UTF8.GetString(end < 0 ? content : content[..end]);
            return;
        }

        foreach ((string key, string value) in Records(content))
        {
            switch (key)
            {
                case "path":
                    Name = value;
                    break;
                case "size":
                    Size = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long size) ? size : throw ArchiveReader.Bad("a size is not a number");
                    break;
                case var _ when key.StartsWith("GNU.sparse", StringComparison.Ordinal):
                    throw ArchiveReader.Bad("it has a sparse file");
            }
        }
    }

    /// <summary>Checks attributes of all following entries. Rejects names and sizes, and ignores the rest.</summary>
    public static void CheckGlobal(ReadOnlySpan<byte> content)
    {
        if (Records(content).Exists(record => record.Key is "path" or "size" or "linkpath"))
        {
            throw ArchiveReader.Bad("it sets one name or size for all its entries");
        }
    }

    /// <summary>Each record is its own length in decimal digits, a space, key, equals sign, value, line feed.</summary>
    private static List<(string Key, string Value)> Records(ReadOnlySpan<byte> content)
    {
        var records = new List<(string, string)>();
        while (content.Length > 0)
        {
            int space = content.IndexOf((byte)' ');
            if (space is <= 0 or > 9
                || !int.TryParse(Encoding.ASCII.GetString(content[..space]), NumberStyles.None, CultureInfo.InvariantCulture, out int length)
                || length <= space + 1 || length > content.Length || content[length - 1] != '\n')
            {
                throw ArchiveReader.Bad("an extended header is damaged");
            }

            string record = Encoding.UTF8.GetString(content[(space + 1)..(length - 1)]);
            int equals = record.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw ArchiveReader.Bad("an extended header is damaged");
            }

            records.Add((record[..equals], record[(equals + 1)..]));
            content = content[length..];
        }

        return records;
    }
}

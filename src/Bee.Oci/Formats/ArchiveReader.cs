using System.Globalization;
using Bee.Posix;

namespace Bee.Oci.Formats;

/// <summary>
/// Reads a tar archive that anyone may have written, entry by entry, and refuses what has no business in an image: links, devices, paths that
/// lead out, two entries of one name, more than the limits allow.
/// </summary>
/// <remarks>.NET's own reader takes as much memory as a header of an extended attribute claims, and follows what the archive says; this one does neither.</remarks>
internal sealed class ArchiveReader(Stream stream, ArchiveLimits limits)
{
    // Room for the longest path and for attributes that tools add; what claims more is no name.
    private const int LongestAttributes = 1 << 20;

    // Characters of all names together: a hundred thousand blobs take half of it.
    private const int LongestNames = 16 << 20;

    private readonly byte[] _block = new byte[TarHeader.BlockSize];
    private readonly HashSet<string> _names = [];
    private long _position;
    private long _next;
    private int _characters;
    private ArchiveEntry? _current;

    /// <summary>What is wrong with an archive.</summary>
    public static StoreException Bad(string why, Exception? inner = null) => new(StoreFault.BadArchive, $"The archive is refused: {why}.", inner);

    /// <summary>The next file or directory; null at the end.</summary>
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
                    throw Bad($"'{TerminalText.Clean(attributes.Name ?? header.Name)}' is {Kind(header.Type)}, and only files and directories belong into it");
            }
        }
    }

    /// <summary>Reads on in the content of the current entry; 0 at its end.</summary>
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

        // A directory may come twice, as tools write it for each of several sources; a file may not, since who checks might read the other.
        if (!_names.Add(isDirectory ? path + "/" : path) && !isDirectory)
        {
            throw Bad($"it has two entries of the name '{TerminalText.Clean(path)}'");
        }

        return new ArchiveEntry(path, isDirectory, size, _position);
    }

    private static string Relative(string name)
    {
        if (name.Length == 0 || name.StartsWith('/') || name.Contains('\\', StringComparison.Ordinal) || TerminalText.IsUnsafe(name))
        {
            throw Bad($"'{TerminalText.Clean(name)}' is no relative path");
        }

        string[] parts = [.. name.Split('/').Where(part => part is not ("" or "."))];
        return parts.Contains("..") ? throw Bad($"the path '{TerminalText.Clean(name)}' leads out of it") : string.Join('/', parts);
    }

    /// <summary>Notes where the next header is, and refuses what is too large before any of it is read.</summary>
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
            throw new StoreException(StoreFault.TooLarge, $"The archive is refused: the attributes of an entry have {size} bytes; {LongestAttributes} are the limit.");
        }

        byte[] content = new byte[size];
        for (int filled = 0; filled < content.Length;)
        {
            int read = ReadStream(content.AsSpan(filled));
            filled += read > 0 ? read : throw Truncated();
        }

        return content;
    }

    /// <summary>Reads a header's block; false at the end of the stream.</summary>
    private bool ReadBlock()
    {
        int filled = 0;
        while (filled < _block.Length)
        {
            int read = ReadStream(_block.AsSpan(filled));
            if (read == 0)
            {
                return filled == 0 ? false : throw (_position < TarHeader.BlockSize ? Bad("it is no tar archive") : Truncated());
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

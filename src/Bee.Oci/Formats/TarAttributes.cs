using System.Globalization;
using System.Text;

namespace Bee.Oci.Formats;

/// <summary>What stands in front of a tar entry and replaces parts of its header: POSIX's extended headers, and GNU's long names.</summary>
internal sealed class TarAttributes
{
    /// <summary>The name; null where the header has it.</summary>
    public string? Name { get; private set; }

    /// <summary>The bytes of content; null where the header has them.</summary>
    public long? Size { get; private set; }

    /// <summary>Whether there was none.</summary>
    public bool IsEmpty { get; private set; } = true;

    /// <summary>Takes an attribute entry in.</summary>
    /// <param name="type"><c>x</c> for POSIX's, <c>L</c> for GNU's long name.</param>
    /// <param name="content">Its content.</param>
    /// <exception cref="StoreException">It is damaged, or says what is refused.</exception>
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
                    Size = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long size) ? size : throw ArchiveReader.Bad("a size is no number");
                    break;
                case var _ when key.StartsWith("GNU.sparse", StringComparison.Ordinal):
                    throw ArchiveReader.Bad("it has a sparse file");
            }
        }
    }

    /// <summary>Attributes of all entries that follow: what changes names and sizes is refused, and nothing else matters.</summary>
    public static void CheckGlobal(ReadOnlySpan<byte> content)
    {
        if (Records(content).Exists(record => record.Key is "path" or "size" or "linkpath"))
        {
            throw ArchiveReader.Bad("it gives all its entries one name or size");
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

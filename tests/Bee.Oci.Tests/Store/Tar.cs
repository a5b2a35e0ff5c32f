using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace Bee.Oci.Tests.Store;

/// <summary>Creates archives for tests: valid ones with .NET's writer, malformed ones by hand.</summary>
internal static class Tar
{
    /// <summary>Returns an archive of files.</summary>
    public static byte[] Of(params (string Name, byte[] Content)[] files) => Of(TarEntryFormat.Pax, files);

    /// <summary>Returns an archive of files in a given format.</summary>
    public static byte[] Of(TarEntryFormat format, params (string Name, byte[] Content)[] files)
    {
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, format, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in files)
            {
                TarEntryType type = format == TarEntryFormat.V7 ? TarEntryType.V7RegularFile : TarEntryType.RegularFile;
                System.Formats.Tar.TarEntry entry = format switch
                {
                    TarEntryFormat.V7 => new V7TarEntry(type, name),
                    TarEntryFormat.Ustar => new UstarTarEntry(type, name),
                    TarEntryFormat.Gnu => new GnuTarEntry(type, name),
                    _ => new PaxTarEntry(type, name),
                };
                entry.DataStream = new MemoryStream(content);
                writer.WriteEntry(entry);
            }
        }

        return stream.ToArray();
    }

    /// <summary>Returns one entry: a header, the content, and zeros up to the next block.</summary>
    public static byte[] Entry(string name, char type = '0', byte[]? content = null, string? size = null, string? link = null)
    {
        content ??= [];
        byte[] entry = new byte[512 + ((content.Length + 511) & ~511)];
        Put(0, name);
        Put(100, "0000644");
        Put(124, size ?? Convert.ToString(content.Length, 8).PadLeft(11, '0'));
        entry[156] = (byte)type;
        Put(157, link ?? "");
        Put(257, "ustar\000");
        content.CopyTo(entry, 512);
        return Sign(entry);

        void Put(int at, string text) => Encoding.UTF8.GetBytes(text).CopyTo(entry, at);
    }

    /// <summary>Sets the checksum of the first header.</summary>
    public static byte[] Sign(byte[] entry)
    {
        Encoding.ASCII.GetBytes("        ").CopyTo(entry, 148);
        Encoding.ASCII.GetBytes($"{Convert.ToString(entry.Take(512).Sum(b => b), 8).PadLeft(6, '0')}\0 ").CopyTo(entry, 148);
        return entry;
    }

    /// <summary>Returns entries followed by the two end blocks.</summary>
    public static byte[] Join(params byte[][] entries) => [.. entries.SelectMany(entry => entry), .. new byte[1024]];

    /// <summary>Returns a record of an extended header.</summary>
    public static byte[] Record(string key, string value)
    {
        int length = Encoding.UTF8.GetByteCount($" {key}={value}\n");
        int whole = length + $"{length}".Length;
        whole = length + $"{whole}".Length;
        return Encoding.UTF8.GetBytes($"{whole} {key}={value}\n");
    }

    public static byte[] Gzip(byte[] content)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Optimal))
        {
            gzip.Write(content);
        }

        return stream.ToArray();
    }
}

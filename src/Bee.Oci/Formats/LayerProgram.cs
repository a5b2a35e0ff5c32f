using System.IO.Compression;
using Bee.Posix;

namespace Bee.Oci.Formats;

/// <summary>Finds the eBPF object in a container image's layer.</summary>
internal static class LayerProgram
{
    private const string Tar = "application/vnd.oci.image.layer.v1.tar";

    // Of an ELF header, as far as the machine: e_ident and e_type stand before it.
    private const int MachineEnd = 20;
    private const byte BpfMachine = 247;

    /// <summary>Whether a layer of this type can be unpacked.</summary>
    public static bool Reads(string mediaType) => mediaType == Tar || IsGzip(mediaType);

    /// <summary>Unpacks the object in memory: the file that the image names, else the only eBPF object there is.</summary>
    /// <param name="layer">The layer, whose digest is checked.</param>
    /// <param name="mediaType">Its type.</param>
    /// <param name="fileName">The file that the image names; null for none.</param>
    /// <param name="image">The image, for messages.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.BadArchive"/>; <see cref="StoreFault.TooLarge"/>; <see cref="StoreFault.NoProgram"/>:
    /// there is none, or several and the image does not say which.</exception>
    public static byte[] Unpack(byte[] layer, string mediaType, string? fileName, string image)
    {
        try
        {
            return Find(layer, mediaType, fileName, image);
        }
        catch (StoreException e) when (e.Fault is StoreFault.BadArchive)
        {
            throw new StoreException(e.Fault, $"The layer of the image '{image}': {e.Message}", e);
        }
    }

    private static byte[] Find(byte[] layer, string mediaType, string? fileName, string image)
    {
        using var bytes = new MemoryStream(layer, writable: false);
        using Stream stream = IsGzip(mediaType) ? new GZipStream(bytes, CompressionMode.Decompress) : bytes;
        var reader = new ArchiveReader(stream, ArchiveLimits.Layer);
        string? wanted = fileName?.Split('/')[^1];
        (byte[]? named, byte[]? found) = (null, null);
        List<string> objects = [];
        while (reader.Next() is { } entry)
        {
            if (entry.IsDirectory)
            {
                continue;
            }

            bool isNamed = wanted is not null && named is null && entry.Name.Split('/')[^1] == wanted;
            byte[] head = Fill(reader, (int)Math.Min(entry.Size, MachineEnd), []);
            bool isObject = IsObject(head);
            if (isObject)
            {
                objects.Add(entry.Name);
            }

            if (isNamed || (isObject && objects.Count == 1))
            {
                byte[] content = entry.Size <= StoreLimits.Program ? Fill(reader, (int)entry.Size, head) : throw new StoreException(
                    StoreFault.TooLarge, $"The file '{entry.Name}' of the image '{image}' has {entry.Size} bytes; {StoreLimits.Program} are the limit for a program.");
                (named, found) = (isNamed ? content : named, isObject ? content : found);
            }
        }

        return named ?? objects.Count switch
        {
            _ when wanted is not null => throw new StoreException(StoreFault.NoProgram, $"The layer of the image '{image}' has no file '{TerminalText.Clean(wanted)}', which its label names."),
            0 => throw new StoreException(StoreFault.NoProgram, $"The layer of the image '{image}' has no eBPF object in it."),
            1 => found!,
            _ => throw new StoreException(
                StoreFault.NoProgram, $"The layer of the image '{image}' has several eBPF objects ({string.Join(", ", objects.Take(8))}), and no label io.ebpf.filename says which is meant."),
        };
    }

    private static bool IsGzip(string mediaType) =>
        mediaType is Tar + "+gzip" or "application/vnd.docker.image.rootfs.diff.tar.gzip";

    private static bool IsObject(ReadOnlySpan<byte> head) =>
        head.Length == MachineEnd && head.StartsWith("\u007fELF"u8) && head[5] switch
        {
            1 => head[18] == BpfMachine && head[19] == 0,
            2 => head[18] == 0 && head[19] == BpfMachine,
            _ => false,
        };

    private static byte[] Fill(ArchiveReader reader, int size, byte[] head)
    {
        byte[] content = new byte[size];
        head.CopyTo(content, 0);
        for (int filled = head.Length; filled < size;)
        {
            filled += reader.Read(content.AsSpan(filled));
        }

        return content;
    }
}

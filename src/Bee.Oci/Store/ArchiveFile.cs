using System.IO.Compression;
using Bee.Oci.Formats;
using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Store;

/// <summary>Opens archives. What is compressed is unpacked into a file that has no name any more, and so is gone with the process.</summary>
internal static class ArchiveFile
{
    /// <summary>What it is called in errors.</summary>
    public const string Kind = "archive";

    /// <summary>The archive itself, or where it is compressed with gzip what is in it.</summary>
    /// <exception cref="StoreException">It cannot be read, is no regular file, is compressed in another way, or becomes too large.</exception>
    public static SafeFileHandle Open(string path, CancellationToken cancellationToken)
    {
        SafeFileHandle file = OpenRegular(path);
        try
        {
            if (!Fault.Wrap(path, () => IsGzip(path, file), Kind))
            {
                return file;
            }

            using (file)
            {
                return Fault.Wrap(path, () => Unpacked(path, file, cancellationToken), Kind);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static SafeFileHandle OpenRegular(string path)
    {
        try
        {
            return Fault.Wrap(path, () => RegularFile.Open(path), Kind);
        }
        catch (StoreException e) when (e.InnerException is NotRegularFileException)
        {
            throw new StoreException(StoreFault.BadArchive, e.Message, e.InnerException);
        }
    }

    private static bool IsGzip(string path, SafeFileHandle file)
    {
        byte[] magic = new byte[6];
        int read = RandomAccess.Read(file, magic, 0);
        string? other = magic switch
        {
            _ when read < 6 => null,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => "zstd",
            [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', ..] => "xz",
            [(byte)'B', (byte)'Z', (byte)'h', ..] => "bzip2",
            _ => null,
        };
        return other is null ? magic is [0x1f, 0x8b, ..] : throw new StoreException(
            StoreFault.BadArchive, $"'{path}' is compressed with {other}; Bee reads archives that are plain or compressed with gzip. Unpack it first: {other} -d.");
    }

    private static SafeFileHandle Unpacked(string path, SafeFileHandle from, CancellationToken cancellationToken)
    {
        // What an archive of objects can be, with room; a bomb would fill the disk.
        long limit = (64L << 20) + (50 * RandomAccess.GetLength(from));
        SafeFileHandle to = ScratchFile.Open();
        try
        {
            using var gzip = new GZipStream(new FileView(from), CompressionMode.Decompress);
            byte[] buffer = new byte[128 << 10];
            long position = 0;
            for (int got; (got = Decompress(gzip, buffer)) > 0; position += got)
            {
                cancellationToken.ThrowIfCancellationRequested();
                RandomAccess.Write(to, buffer.AsSpan(0, got), position);
                if (position > limit)
                {
                    throw new StoreException(StoreFault.TooLarge, $"The archive '{path}' is refused: unpacked it has more than {limit} bytes.");
                }
            }

            return to;
        }
        catch
        {
            to.Dispose();
            throw;
        }
    }

    private static int Decompress(GZipStream gzip, byte[] buffer)
    {
        try
        {
            return gzip.Read(buffer);
        }
        catch (InvalidDataException e)
        {
            throw ArchiveReader.Bad($"its compression is damaged ({e.Message.TrimEnd('.')})", e);
        }
    }
}

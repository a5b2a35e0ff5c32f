using System.Buffers;
using System.IO.Compression;
using Bee.Oci.Formats;
using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Store;

/// <summary>
/// Reads a tar archive of an image layout, as skopeo (<c>oci-archive:</c>), docker and podman write it. The archive is not unpacked: one scan finds
/// the offsets of the blobs, which are then read in place.
/// </summary>
internal sealed class LayoutArchive : IBlobs, IDisposable
{
    private const string Blobs = LayoutFiles.BlobsName + "/" + LayoutFiles.AlgorithmName + "/";

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, ArchiveEntry> _blobs = [];

    private LayoutArchive(string path, SafeFileHandle file) => (_path, _file) = (path, file);

    /// <summary>The content of <c>index.json</c>; null if the archive does not contain it.</summary>
    public byte[]? Index { get; private set; }

    /// <summary>The content of <c>oci-layout</c>; null if the archive does not contain it.</summary>
    public byte[]? Layout { get; private set; }

    /// <summary>Opens and scans an archive.</summary>
    /// <exception cref="StoreException">The archive cannot be read, or does not contain an image layout.</exception>
    public static LayoutArchive Open(string path, CancellationToken cancellationToken) => Open(path, ArchiveFile.Open(path, cancellationToken), cancellationToken);

    /// <summary>Scans an open, uncompressed archive.</summary>
    public static LayoutArchive Open(string path, SafeFileHandle file, CancellationToken cancellationToken)
    {
        var archive = new LayoutArchive(path, file);
        try
        {
            Fault.Wrap(path, () => archive.Scan(cancellationToken), ArchiveFile.Kind);
            return archive;
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public Stream OpenBlob(Descriptor descriptor)
    {
        (Digest digest, ArchiveEntry entry) = Find(descriptor);
        return new BlobStream(_file, _path, digest, entry.Size, entry.Offset);
    }

    /// <inheritdoc/>
    public byte[] ReadBlob(Descriptor descriptor, int limit)
    {
        (Digest digest, ArchiveEntry entry) = Find(descriptor);
        if (entry.Size > limit)
        {
            throw new StoreException(StoreFault.TooLarge, $"The blob {digest} has {Quantity.Of(entry.Size, "byte")}, over the limit of {limit}.");
        }

        byte[] content = Content(entry);
        return Digest.Of(content) == digest ? content : throw Damaged(digest);
    }

    /// <inheritdoc/>
    public bool HasBlob(Digest digest) => _blobs.ContainsKey(digest.Hex);

    /// <inheritdoc/>
    public byte[]? ReadManifestBytes(Digest digest)
    {
        if (!_blobs.TryGetValue(digest.Hex, out ArchiveEntry? entry))
        {
            return null;
        }

        return ReadBlob(new Descriptor("", digest, entry.Size), StoreLimits.Manifest);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private StoreException Damaged(Digest digest) =>
        new(StoreFault.DigestMismatch, $"The blob {digest} in '{_path}' is damaged: the hash of its content differs. Create the archive again.");

    private (Digest Digest, ArchiveEntry Entry) Find(Descriptor descriptor)
    {
        Digest digest = descriptor.RequiredDigest;
        ArchiveEntry entry = _blobs.GetValueOrDefault(digest.Hex)
            ?? throw new StoreException(StoreFault.MissingBlob, $"The blob {digest} is not in the archive '{_path}'.");
        return entry.Size == descriptor.Size ? (digest, entry) : throw new StoreException(
            StoreFault.DigestMismatch, $"The blob {digest} in '{_path}' has {Quantity.Of(entry.Size, "byte")}, not the {descriptor.Size} of its descriptor.");
    }

    private void Scan(CancellationToken cancellationToken)
    {
        using var stream = new FileView(_file);
        var reader = new ArchiveReader(stream, ArchiveLimits.Layout);
        bool isDocker = false;
        while (reader.Next() is { } entry)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (entry.IsDirectory)
            {
                continue;
            }

            if (entry.Name == LayoutFiles.IndexName)
            {
                Index = Small(entry, StoreLimits.Index);
            }
            else if (entry.Name == LayoutFiles.LayoutName)
            {
                Layout = Small(entry, StoreLimits.Manifest);
            }
            else if (entry.Name.StartsWith(Blobs, StringComparison.Ordinal) && Digest.TryParse(Digest.Prefix + entry.Name[Blobs.Length..], out Digest digest))
            {
                _blobs[digest.Hex] = entry;
            }

            isDocker |= entry.Name == "manifest.json";
        }

        if (Index is null || Layout is null)
        {
            throw new StoreException(StoreFault.NotAStore, isDocker
                ? $"'{_path}' is an archive in docker's older format, which has no digests of its content. Convert it: skopeo copy docker-archive:FILE oci-archive:NEW."
                : $"'{_path}' is an archive without {LayoutFiles.LayoutName} and {LayoutFiles.IndexName}, so it is not an image layout.");
        }
    }

    private byte[] Small(ArchiveEntry entry, int limit) => entry.Size <= limit ? Content(entry) : throw new StoreException(
        StoreFault.TooLarge, $"'{entry.Name}' in the archive '{_path}' has {Quantity.Of(entry.Size, "byte")}, over the limit of {limit}.");

    private byte[] Content(ArchiveEntry entry) => Fault.Wrap(_path, () => Read(entry), ArchiveFile.Kind);

    private byte[] Read(ArchiveEntry entry)
    {
        byte[] content = new byte[entry.Size];
        for (int filled = 0; filled < content.Length;)
        {
            int read = RandomAccess.Read(_file, content.AsSpan(filled), entry.Offset + filled);
            filled += read > 0 ? read : throw new StoreException(StoreFault.BadArchive, $"The archive '{_path}' is cut off: it ends in the middle of '{entry.Name}'.");
        }

        return content;
    }
}

/// <summary>Opens archives. A compressed archive is decompressed into an unlinked file, which disappears with the process.</summary>
internal static class ArchiveFile
{
    /// <summary>The name in errors.</summary>
    public const string Kind = "archive";

    /// <summary>Opens an archive, decompressed if it is compressed with gzip.</summary>
    /// <exception cref="StoreException">The file cannot be read, is not a regular file, uses another compression, or becomes too large.</exception>
    public static SafeFileHandle Open(string path, CancellationToken cancellationToken) => Open(OpenRegular(path), path, cancellationToken);

    /// <summary>Opens an archive from an open file, and takes ownership of the file.</summary>
    public static SafeFileHandle Open(SafeFileHandle file, string path, CancellationToken cancellationToken)
    {
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
            StoreFault.BadArchive, $"'{path}' is compressed with {other}; Bee reads plain archives and gzip. Decompress it first: {other} -d.");
    }

    private static SafeFileHandle Unpacked(string path, SafeFileHandle from, CancellationToken cancellationToken)
    {
        // Ample for an archive of eBPF objects; limits a decompression bomb.
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

/// <summary>Reads an open file from its beginning. Neither moves the file's position nor closes the file.</summary>
internal sealed class FileView(SafeFileHandle file) : ReadOnlyStream
{
    private readonly long _length = RandomAccess.GetLength(file);

    public override bool CanSeek => true;

    public override long Length => _length;

    public override long Position { get; set; }

    public override int Read(Span<byte> buffer)
    {
        int read = RandomAccess.Read(file, buffer, Position);
        Position += read;
        return read;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => cancellationToken.IsCancellationRequested
        ? ValueTask.FromCanceled<int>(cancellationToken)
        : new(Read(buffer.Span));
}

/// <summary>
/// Writes images and their signatures as a tar archive of an image layout. The same images give the same bytes: entries are sorted, without dates and
/// owners.
/// </summary>
/// <param name="output">The stream to write to.</param>
/// <param name="folder">The folder of the layout in the archive, such as <c>opt/bee/store</c>; empty for the root.</param>
internal sealed class LayoutArchiveWriter(Stream output, string folder = "")
{
    private readonly string _prefix = folder.Length == 0 ? "" : folder + "/";
    private readonly SortedDictionary<string, DescriptorDocument> _entries = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, (LayoutFiles Files, Descriptor Blob)> _blobs = new(StringComparer.Ordinal);

    /// <summary>Adds an image with its blobs and its signatures in the store.</summary>
    /// <param name="files">The store's files; keep them open until <see cref="Write"/> has returned.</param>
    /// <param name="index">The store's index.</param>
    /// <param name="image">The image.</param>
    /// <exception cref="StoreException">The image is incomplete.</exception>
    public void Add(LayoutFiles files, StoreIndex index, Image image)
    {
        IReadOnlyCollection<Descriptor> parts = Take(files, image.Descriptor, image.Repository.Length > 0 ? image.Reference : null);
        if (image.Repository.Length == 0)
        {
            return;
        }

        HashSet<Digest> digests = [.. parts.Select(part => part.Digest)];
        foreach ((string tag, DescriptorDocument signature) in SignatureNames.Of(index, image.Repository, digests))
        {
            Take(files, signature.ToDescriptor(), $"{image.Repository}:{tag}");
        }
    }

    /// <summary>Writes the archive.</summary>
    /// <exception cref="StoreException">A blob is damaged; the output is then invalid.</exception>
    public void Write(CancellationToken cancellationToken)
    {
        if (folder.Length > 0)
        {
            // Explicit entries for folders, so that their owners and modes do not depend on the process that unpacks the archive.
            foreach (string name in new[] { "", LayoutFiles.BlobsName, $"{LayoutFiles.BlobsName}/{LayoutFiles.AlgorithmName}" })
            {
                output.Write(TarHeader.Folder($"{_prefix}{name}"));
            }
        }

        Put(LayoutFiles.LayoutName, OciJson.Write(new LayoutDocument { Version = StoreLayout.Version }, OciJson.Canonical.LayoutDocument), cancellationToken);
        Put(LayoutFiles.IndexName, OciJson.Write(new ManifestDocument { MediaType = MediaTypes.ImageIndex, Manifests = [.. _entries.Values] }, OciJson.Canonical.ManifestDocument), cancellationToken);
        foreach ((LayoutFiles files, Descriptor blob) in _blobs.Values)
        {
            using Stream content = files.OpenBlob(blob);
            Put($"{LayoutFiles.BlobsName}/{LayoutFiles.AlgorithmName}/{blob.Digest.Hex}", content, blob.Size, cancellationToken);
        }

        // Two empty blocks end an archive.
        output.Write(new byte[2 * TarHeader.BlockSize]);
    }

    private IReadOnlyCollection<Descriptor> Take(LayoutFiles files, Descriptor top, string? name)
    {
        IReadOnlyCollection<Descriptor> parts = new StoredPieces(files).Of(top);
        foreach (Descriptor part in parts)
        {
            _blobs.TryAdd(part.Digest.Hex, (files, part));
        }

        // Without the date of storing, which differs between stores.
        var annotations = top.Annotations.Where(pair => pair.Key is not (AnnotationKeys.Created or AnnotationKeys.ReferenceName)).ToDictionary();
        if (name is not null)
        {
            annotations[AnnotationKeys.ReferenceName] = name;
        }

        _entries.TryAdd(name ?? top.Digest.ToString(), DescriptorDocument.From(top with { Annotations = annotations }));
        return parts;
    }

    private void Put(string name, byte[] content, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream(content);
        Put(name, stream, content.Length, cancellationToken);
    }

    private void Put(string name, Stream content, long size, CancellationToken cancellationToken)
    {
        output.Write(TarHeader.File(_prefix + name, size));
        byte[] buffer = ArrayPool<byte>.Shared.Rent(128 << 10);
        try
        {
            for (int read; (read = content.Read(buffer)) > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                output.Write(buffer.AsSpan(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        output.Write(new byte[(int)(-size & (TarHeader.BlockSize - 1))]);
    }
}

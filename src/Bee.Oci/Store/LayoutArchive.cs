using Bee.Oci.Formats;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Store;

/// <summary>
/// A tar archive of an image layout, as skopeo's <c>oci-archive:</c>, docker and podman write it. It is not unpacked: where each blob begins is
/// found once, and then blobs are read in place.
/// </summary>
internal sealed class LayoutArchive : ILayoutBlobs, IDisposable
{
    private const string Blobs = LayoutFiles.BlobsName + "/" + LayoutFiles.AlgorithmName + "/";

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, ArchiveEntry> _blobs = [];

    private LayoutArchive(string path, SafeFileHandle file) => (_path, _file) = (path, file);

    /// <summary>The whole of <c>index.json</c>; null if the archive has none.</summary>
    public byte[]? Index { get; private set; }

    /// <summary>The whole of <c>oci-layout</c>; null if the archive has none.</summary>
    public byte[]? Layout { get; private set; }

    /// <summary>Opens an archive, and reads where everything in it is.</summary>
    /// <exception cref="StoreException">It cannot be read, or is no archive of an image layout.</exception>
    public static LayoutArchive Open(string path, CancellationToken cancellationToken)
    {
        var archive = new LayoutArchive(path, ArchiveFile.Open(path, cancellationToken));
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
    public Stream Open(Descriptor descriptor)
    {
        (ContentDigest digest, ArchiveEntry entry) = Find(descriptor);
        return new BlobStream(_file, _path, digest, entry.Size, entry.Offset);
    }

    /// <inheritdoc/>
    public byte[] ReadBlob(Descriptor descriptor, int limit)
    {
        (ContentDigest digest, ArchiveEntry entry) = Find(descriptor);
        if (entry.Size > limit)
        {
            throw new StoreException(StoreFault.TooLarge, $"The blob {digest} has {entry.Size} bytes; {limit} are the limit for its kind.");
        }

        byte[] content = Content(entry);
        return ContentDigest.Of(content) == digest ? content : throw Damaged(digest);
    }

    /// <inheritdoc/>
    public bool HasBlob(ContentDigest digest) => _blobs.ContainsKey(digest.Hex);

    /// <inheritdoc/>
    public byte[]? ReadManifestBytes(ContentDigest digest)
    {
        if (!_blobs.TryGetValue(digest.Hex, out ArchiveEntry? entry))
        {
            return null;
        }

        return ReadBlob(new Descriptor("", digest.ToString(), entry.Size), StoreLimits.Manifest);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private StoreException Damaged(ContentDigest digest) =>
        new(StoreFault.DigestMismatch, $"The blob {digest} in '{_path}' is damaged: its content has another digest.");

    private (ContentDigest Digest, ArchiveEntry Entry) Find(Descriptor descriptor)
    {
        if (!ContentDigest.TryParse(descriptor.Digest, out ContentDigest digest))
        {
            throw new StoreException(StoreFault.DamagedManifest, $"'{descriptor.Digest}' is no sha256 digest; nothing else is supported.");
        }

        ArchiveEntry entry = _blobs.GetValueOrDefault(digest.Hex)
            ?? throw new StoreException(StoreFault.MissingBlob, $"The blob {digest} is not in the archive '{_path}'.");
        return entry.Size == descriptor.Size ? (digest, entry) : throw new StoreException(
            StoreFault.DigestMismatch, $"The blob {digest} in '{_path}' has {entry.Size} bytes, not the {descriptor.Size} of its descriptor.");
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
            else if (entry.Name.StartsWith(Blobs, StringComparison.Ordinal) && ContentDigest.TryParse(ContentDigest.Prefix + entry.Name[Blobs.Length..], out ContentDigest digest))
            {
                _blobs[digest.Hex] = entry;
            }

            isDocker |= entry.Name == "manifest.json";
        }

        if (Index is null || Layout is null)
        {
            throw new StoreException(StoreFault.NotAStore, isDocker
                ? $"'{_path}' is an archive in docker's older format, which has no digests of what is in it. Convert it: skopeo copy docker-archive:FILE oci-archive:NEW."
                : $"'{_path}' is an archive without {LayoutFiles.LayoutName} and {LayoutFiles.IndexName}, so no image layout.");
        }
    }

    private byte[] Small(ArchiveEntry entry, int limit) => entry.Size <= limit ? Content(entry) : throw new StoreException(
        StoreFault.TooLarge, $"'{entry.Name}' in the archive '{_path}' has {entry.Size} bytes; {limit} are the limit for its kind.");

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

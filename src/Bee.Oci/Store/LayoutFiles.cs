using Bee.Oci.Formats;
using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Store;

/// <summary>
/// Reads the files of a layout relative to open folders, which avoids path lookups. Symbolic links below the layout's folder are not followed.
/// With a guard each component of the path is checked too.
/// </summary>
internal sealed class LayoutFiles : IBlobs, IDisposable
{
    public const string LayoutName = "oci-layout";
    public const string IndexName = "index.json";
    public const string BlobsName = "blobs";
    public const string AlgorithmName = "sha256";

    /// <summary>Bee's own directory in the layout, with the lock and temporary files. Other tools ignore it.</summary>
    public const string PrivateName = ".bee";

    private readonly string _path;
    private readonly Folder _root;
    private Folder? _blobs;

    private LayoutFiles(string path, Folder root) => (_path, _root) = (path, root);

    /// <summary>True if the directory is empty.</summary>
    public bool IsEmpty => !_root.Names().Any();

    /// <summary>Opens the directory; returns null if it does not exist.</summary>
    /// <exception cref="StoreException">The path is not a directory, cannot be opened, or the guard rejects it.</exception>
    public static LayoutFiles? Open(string path, PathGuard? guard)
    {
        Folder? root = Fault.Wrap(path, () => guard is null ? Folder.OpenForOwner(path) : Folder.Open(path, guard));
        return root is null ? null : new LayoutFiles(path, root);
    }

    /// <summary>Reads <c>index.json</c>; returns null if it does not exist.</summary>
    public byte[]? ReadIndex() => Read(_root, IndexName, Path.Combine(_path, IndexName), StoreLimits.Index);

    /// <summary>Reads <c>oci-layout</c>; returns null if it does not exist.</summary>
    public byte[]? ReadLayout() => Read(_root, LayoutName, Path.Combine(_path, LayoutName), StoreLimits.Manifest);

    /// <summary>Checks whether the directory contains a name.</summary>
    public bool Has(string name) => _root.StatusOf(name) is not null;

    /// <summary>Reads a blob and verifies its digest and size.</summary>
    /// <exception cref="StoreException">The blob is missing, too large, or damaged.</exception>
    public byte[] ReadBlob(Descriptor descriptor, int limit)
    {
        Digest digest = descriptor.RequiredDigest;

        if (descriptor.Size > limit)
        {
            throw new StoreException(StoreFault.TooLarge, $"The blob {digest} has {Quantity.Of(descriptor.Size, "byte")}, over the limit of {limit}.");
        }

        byte[] content = OpenBlobs() is { } blobs
            ? Read(blobs, digest.Hex, BlobPath(_path, digest), limit) ?? throw Missing(digest)
            : throw Missing(digest);
        if (content.Length != descriptor.Size)
        {
            throw new StoreException(StoreFault.DigestMismatch, $"The blob {digest} has {Quantity.Of(content.Length, "byte")}, not the {descriptor.Size} of its descriptor.");
        }

        return Digest.Of(content) == digest
            ? content
            : throw new StoreException(StoreFault.DigestMismatch, $"The blob {digest} is damaged: the hash of its content differs. Remove the image and pull it again.");
    }

    /// <summary>Opens a blob of any size.</summary>
    /// <returns>A stream that throws at its end if the digest is wrong.</returns>
    /// <exception cref="StoreException">The blob is missing, or has another size.</exception>
    public BlobStream OpenBlob(Descriptor descriptor)
    {
        Digest digest = descriptor.RequiredDigest;

        string path = BlobPath(_path, digest);
        SafeFileHandle file = (OpenBlobs() is { } blobs ? OpenRegular(blobs, digest.Hex, path).File : null) ?? throw Missing(digest);
        long length = RandomAccess.GetLength(file);
        if (length == descriptor.Size)
        {
            return new BlobStream(file, path, digest, length);
        }

        file.Dispose();
        throw new StoreException(StoreFault.DigestMismatch, $"The blob {digest} has {Quantity.Of(length, "byte")}, not the {descriptor.Size} of its descriptor.");
    }

    Stream IBlobs.OpenBlob(Descriptor descriptor) => OpenBlob(descriptor);

    /// <summary>Reads a blob of any size and verifies its digest and size.</summary>
    /// <exception cref="StoreException">The blob is missing or damaged.</exception>
    public void CheckBlob(Descriptor descriptor)
    {
        using BlobStream blob = OpenBlob(descriptor);
        blob.CopyTo(Stream.Null, 128 << 10);
    }

    /// <summary>Checks whether a blob exists and matches its digest.</summary>
    /// <exception cref="StoreException">The blob cannot be read.</exception>
    public bool IsWhole(Descriptor descriptor)
    {
        try
        {
            CheckBlob(descriptor);
            return true;
        }
        catch (StoreException e) when (e.Fault is StoreFault.MissingBlob or StoreFault.DigestMismatch or StoreFault.Untrusted or StoreFault.NotAStore)
        {
            return false;
        }
    }

    /// <summary>Reads a blob that may be a manifest; returns null if it does not exist.</summary>
    /// <exception cref="StoreException">The blob is larger than the limit for manifests, or damaged.</exception>
    public byte[]? ReadManifestBytes(Digest digest)
    {
        byte[]? content = OpenBlobs() is { } blobs ? Read(blobs, digest.Hex, BlobPath(_path, digest), StoreLimits.Manifest) : null;
        return content is null || Digest.Of(content) == digest
            ? content
            : throw new StoreException(StoreFault.DigestMismatch, $"The blob {digest} is damaged: the hash of its content differs. Remove the image and pull it again.");
    }

    /// <summary>Checks whether a blob exists, without reading it.</summary>
    public bool HasBlob(Digest digest) => BlobStatus(digest.Hex) is { IsRegular: true };

    /// <summary>The names in the folder of blobs.</summary>
    public IEnumerable<string> BlobNames() => OpenBlobs()?.Names() ?? [];

    /// <summary>Returns the status of a name in the folder of blobs; null if it does not exist.</summary>
    public FileStatus? BlobStatus(string name) => OpenBlobs()?.StatusOf(name);

    /// <summary>Deletes a blob; returns false on failure. Requires the store's lock.</summary>
    public bool DeleteBlob(string name) => OpenBlobs()?.Delete(name) == true;

    /// <inheritdoc/>
    public void Dispose()
    {
        _blobs?.Dispose();
        _root.Dispose();
    }

    internal static string BlobPath(string store, Digest digest) => Path.Combine(store, BlobsName, AlgorithmName, digest.Hex);

    private StoreException Missing(Digest digest) =>
        new(StoreFault.MissingBlob, $"The blob {digest} is not in the image store '{_path}'.");

    private Folder? OpenBlobs()
    {
        if (_blobs is null)
        {
            _blobs = Fault.Wrap(_path, () =>
            {
                using Folder? above = _root.OpenFolder(BlobsName);
                return above?.OpenFolder(AlgorithmName);
            });
        }

        return _blobs;
    }

    /// <summary>Opens a regular file; null if it does not exist.</summary>
    private static (SafeFileHandle? File, FileStatus Status) OpenRegular(Folder folder, string name, string path) => Fault.Wrap(path, () =>
    {
        SafeFileHandle? file = folder.OpenFile(name, out FileStatus status);
        return (file, status);
    });

    private static byte[]? Read(Folder folder, string name, string path, int limit)
    {
        (SafeFileHandle? file, FileStatus status) = OpenRegular(folder, name, path);
        if (file is null)
        {
            return null;
        }

        using (file)
        {
            if (status.Size > (ulong)limit)
            {
                throw new StoreException(StoreFault.TooLarge, $"'{path}' has {Quantity.Of(status.Size, "byte")}, over the limit of {limit}.");
            }

            byte[] content = GC.AllocateUninitializedArray<byte>((int)status.Size);
            int filled = Fault.Wrap(path, () => Fill(file, content));
            return filled == content.Length ? content : content[..filled];
        }
    }

    private static int Fill(SafeFileHandle file, byte[] content)
    {
        int filled = 0;
        while (filled < content.Length)
        {
            int read = RandomAccess.Read(file, content.AsSpan(filled), filled);
            if (read == 0)
            {
                break;
            }

            filled += read;
        }

        return filled;
    }
}

using System.Buffers;
using Bee.Oci.Formats;

namespace Bee.Oci.Store;

/// <summary>
/// Writes images and their signatures as a tar archive of an image layout. The same images give the same bytes: entries are sorted, and no date, owner or
/// time of storing goes in.
/// </summary>
/// <param name="output">Where the archive goes.</param>
/// <param name="folder">The folder in the archive that becomes the layout, as <c>opt/bee/store</c>; empty for the archive's root.</param>
internal sealed class LayoutArchiveWriter(Stream output, string folder = "")
{
    private readonly string _prefix = folder.Length == 0 ? "" : folder + "/";
    private readonly SortedDictionary<string, DescriptorDocument> _entries = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, (LayoutFiles Files, Descriptor Blob)> _blobs = new(StringComparer.Ordinal);

    /// <summary>Takes an image in, with all that it refers to and the signatures that the store has of it.</summary>
    /// <param name="files">The store's files; open until <see cref="Write"/> has ended.</param>
    /// <param name="index">The store's index.</param>
    /// <param name="image">The image.</param>
    /// <exception cref="StoreException">The image is not whole.</exception>
    public void Add(LayoutFiles files, StoreIndex index, Image image)
    {
        IReadOnlyCollection<Descriptor> parts = Take(files, image.Descriptor, image.Repository.Length > 0 ? image.Reference : null);
        if (image.Repository.Length == 0)
        {
            return;
        }

        HashSet<string> digests = [.. parts.Select(part => part.Digest)];
        foreach ((string tag, DescriptorDocument signature) in SignatureNames.Of(index, image.Repository, digests))
        {
            Take(files, signature.ToDescriptor(), $"{image.Repository}:{tag}");
        }
    }

    /// <summary>Writes the archive.</summary>
    /// <exception cref="StoreException">A blob is damaged; then what was written is of no use.</exception>
    public void Write(CancellationToken cancellationToken)
    {
        if (folder.Length > 0)
        {
            // A file system that is made of the archive has its folders by these, and not by what the unpacking process would make of them.
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
            Put($"{LayoutFiles.BlobsName}/{LayoutFiles.AlgorithmName}/{ContentDigest.Parse(blob.Digest).Hex}", content, blob.Size, cancellationToken);
        }

        // Two empty blocks are the end.
        output.Write(new byte[2 * TarHeader.BlockSize]);
    }

    private IReadOnlyCollection<Descriptor> Take(LayoutFiles files, Descriptor top, string? name)
    {
        IReadOnlyCollection<Descriptor> parts = new StoredPieces(files).Of(top);
        foreach (Descriptor part in parts)
        {
            _blobs.TryAdd(part.Digest, (files, part));
        }

        // Without when it came into the store, or each store would give another archive.
        var annotations = top.Annotations.Where(pair => pair.Key is not (AnnotationKeys.Created or AnnotationKeys.ReferenceName)).ToDictionary();
        if (name is not null)
        {
            annotations[AnnotationKeys.ReferenceName] = name;
        }

        _entries.TryAdd(name ?? top.Digest, DescriptorDocument.From(top with { Annotations = annotations }));
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

using System.Collections.Concurrent;
using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Store;

/// <summary>
/// Reads an OCI image layout from any source: a directory, or a tar archive, plain or compressed with gzip (OCI Image Specification 1.1, "OCI Image
/// Layout"). Nothing is unpacked.
/// </summary>
public sealed class ImageLayout : IDisposable
{
    private readonly IBlobs _blobs;
    private readonly StoreIndex _index;
    private readonly LayoutContent _content;

    private ImageLayout(string path, IBlobs blobs, byte[]? index)
    {
        (Path, _blobs) = (path, blobs);
        _index = StoreIndex.Parse(index);
        _content = new LayoutContent(blobs, _index);
        Images = _content.Images();
    }

    /// <summary>The directory or file.</summary>
    public string Path { get; }

    /// <summary>The images, without the manifests of single platforms and without signatures.</summary>
    public IReadOnlyList<LayoutImage> Images { get; }

    /// <summary>Opens a layout.</summary>
    /// <param name="path">A directory, or an archive.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.NotAStore"/>: the path is not a layout; <see cref="StoreFault.BadArchive"/>,
    /// <see cref="StoreFault.TooLarge"/>: the archive is rejected; <see cref="StoreFault.DamagedIndex"/>.</exception>
    public static ImageLayout Open(string path, CancellationToken cancellationToken = default) => Open(path, () =>
    {
        if (!Directory.Exists(path))
        {
            return OfArchive(path, LayoutArchive.Open(path, cancellationToken));
        }

        LayoutFiles files = LayoutFiles.Open(path, null) ?? throw new StoreException(StoreFault.NotAStore, $"'{path}' does not exist.");
        return Opened(files, () => Fault.Wrap(path, () =>
        {
            StoreLayout.CheckVersion(files.ReadLayout() ?? throw new StoreException(
                StoreFault.NotAStore, $"'{path}' is a directory without {LayoutFiles.LayoutName}, so it is not an image layout."), path);
            return new ImageLayout(path, files, files.ReadIndex());
        }));
    });

    /// <summary>Opens an archive from an open file, so that the caller's checks of the file still hold.</summary>
    /// <param name="file">The file. The layout closes it; so does a failure.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="StoreException">As <see cref="Open(string, CancellationToken)"/>.</exception>
    public static ImageLayout Open(SafeFileHandle file, string path, CancellationToken cancellationToken = default) =>
        Open(path, () => OfArchive(path, LayoutArchive.Open(path, ArchiveFile.Open(file, path, cancellationToken), cancellationToken)));

    /// <summary>Returns the part of the layout that belongs to one repository, to pull from.</summary>
    /// <param name="name">The repository of the layout's names; signatures are looked up under the same repository.</param>
    public IReadOnlyRepository Repository(string name) => new LayoutRepository(_content, name);

    /// <inheritdoc/>
    public void Dispose() => (_blobs as IDisposable)?.Dispose();

    private static ImageLayout OfArchive(string path, LayoutArchive archive) => Opened(archive, () =>
    {
        StoreLayout.CheckVersion(archive.Layout!, path);
        return new ImageLayout(path, archive, archive.Index);
    });

    private static ImageLayout Opened(IDisposable blobs, Func<ImageLayout> open)
    {
        try
        {
            return open();
        }
        catch
        {
            blobs.Dispose();
            throw;
        }
    }

    private static ImageLayout Open(string path, Func<ImageLayout> open)
    {
        try
        {
            return open();
        }
        catch (StoreException e) when (!e.Message.Contains(path, StringComparison.Ordinal))
        {
            throw new StoreException(e.Fault, $"'{path}': {e.Message}", e);
        }
    }
}

/// <summary>An image of a layout.</summary>
/// <param name="Descriptor">Its manifest or index.</param>
/// <param name="Name">The whole name; null if the layout has none.</param>
/// <param name="Tag">A tag without a repository; null for none.</param>
public sealed record LayoutImage(Descriptor Descriptor, ImageReference? Name, string? Tag)
{
    /// <summary>The name in the layout if it is not a valid reference, such as <c>ghcr.io/Me/tool:v1</c>; otherwise null.</summary>
    public string? InvalidName { get; init; }
}

/// <summary>Separates the images in a layout's index from entries that belong to an image. Some tools list the manifests of an index, and signatures, beside the images.</summary>
internal sealed class LayoutContent : ILayoutContent
{
    private readonly IBlobs _blobs;
    private readonly StoreIndex _index;

    // A hostile index may list one manifest half a million times; each is read once. The value is empty for a manifest without a subject.
    private readonly ConcurrentDictionary<(string?, string?, long), string> _subjects = new();

    private readonly Lazy<ILookup<string, DescriptorDocument>> _referrers;

    /// <summary>Creates the content. Reads nothing yet.</summary>
    /// <param name="blobs">The layout's blobs.</param>
    /// <param name="index">The layout's index.</param>
    public LayoutContent(IBlobs blobs, StoreIndex index)
    {
        (_blobs, _index) = (blobs, index);
        _referrers = new(() => index.Entries.Where(entry => entry.ReferenceName is null).ToLookup(Subject));
    }

    /// <summary>The images, in the layout's order.</summary>
    public IReadOnlyList<LayoutImage> Images()
    {
        HashSet<string> parts = [.. _index.Entries.Where(entry => MediaTypes.IsIndex(entry.MediaType)).DistinctBy(Key).SelectMany(entry => Manifest(entry)?.Manifests ?? []).Select(part => part?.Digest ?? "")];
        return [.. _index.Entries
            .Where(entry => SignatureNames.IsImage(entry))
            .Where(entry => entry.ReferenceName is not null || (!parts.Contains(entry.Digest ?? "") && Subject(entry).Length == 0))
            .Select(Image)
            .DistinctBy(image => (image.Descriptor.Digest, image.Name?.ToString(), image.Tag))];
    }

    /// <inheritdoc/>
    public string What => "the image layout";

    /// <inheritdoc/>
    public T Read<T>(Func<IBlobs, Func<StoreIndex>, T> read) => read(_blobs, () => _index);

    /// <summary>Returns the entry with the whole name, otherwise the one with the tag alone.</summary>
    public DescriptorDocument? Named(StoreIndex entries, string repository, string tag) => entries.Named($"{repository}:{tag}") ?? entries.Named(tag);

    /// <summary>Returns the entry, which may have a platform that the manifest lacks.</summary>
    public DescriptorDocument? Known(Digest digest) => _index.WithDigest(digest);

    /// <summary>Returns the entries without a name whose subject is the manifest, as oras writes them.</summary>
    public IEnumerable<DescriptorDocument> Referrers(Digest digest) => _referrers.Value[digest.ToString()];

    private string Subject(DescriptorDocument entry) => _subjects.GetOrAdd(Key(entry), _ => Manifest(entry)?.Subject is { } subject ? subject.Digest ?? "none" : "");

    private static (string?, string?, long) Key(DescriptorDocument entry) => (entry.MediaType, entry.Digest, entry.Size);

    private static LayoutImage Image(DescriptorDocument entry)
    {
        string? tag = entry.ReferenceName;
        string? whole = entry.Annotations?.GetValueOrDefault(AnnotationKeys.ContainerdName);
        ImageReference? name = Whole(whole) ?? Whole(tag);
        bool isTag = name is null && ImageReference.TryParse($"x:{tag}", out _);
        string? other = string.IsNullOrEmpty(whole) ? tag : whole;
        return new LayoutImage(entry.ToDescriptor(), name, isTag ? tag : null) { InvalidName = name is null && other is not null && (other == whole || !isTag) ? TerminalText.Clean(other) : null };
    }

    /// <summary>Parses a name with a repository. A single word is a tag, as skopeo and oras write it.</summary>
    private static ImageReference? Whole(string? text) =>
        ImageReference.TryParse(text, out ImageReference? name) && (name.Tag is not null || name.Digest is not null || name.Registry is not null || name.Repository.Contains('/', StringComparison.Ordinal))
            ? name
            : null;

    // A damaged manifest is reported when its image is imported.
    private ManifestDocument? Manifest(DescriptorDocument entry)
    {
        try
        {
            var descriptor = entry.ToDescriptor();
            return MediaTypes.IsIndex(descriptor.MediaType) || MediaTypes.IsManifest(descriptor.MediaType) ? new ImageReader(_blobs, "").ReadManifest(descriptor) : null;
        }
        catch (StoreException)
        {
            return null;
        }
    }
}

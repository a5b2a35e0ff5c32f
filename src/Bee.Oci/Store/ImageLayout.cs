using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Oci.Transfer;

namespace Bee.Oci.Store;

/// <summary>
/// An OCI image layout that anyone may have written: a directory, or a tar archive of one, plain or compressed with gzip (OCI Image Specification 1.1,
/// "OCI Image Layout"). Only read; nothing is unpacked.
/// </summary>
public sealed class ImageLayout : IDisposable
{
    private readonly ILayoutBlobs _blobs;
    private readonly StoreIndex _index;
    private readonly LayoutContent _content;

    private ImageLayout(string path, ILayoutBlobs blobs, byte[]? index)
    {
        (Path, _blobs) = (path, blobs);
        _index = StoreIndex.Parse(index);
        _content = new LayoutContent(blobs, _index);
        Images = _content.Images();
    }

    /// <summary>The directory or file.</summary>
    public string Path { get; }

    /// <summary>The images, without what belongs to one: its platforms, its signatures.</summary>
    public IReadOnlyList<LayoutImage> Images { get; }

    /// <summary>Opens a layout.</summary>
    /// <param name="path">A directory, or an archive.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.NotAStore"/>: it is something else; <see cref="StoreFault.BadArchive"/>,
    /// <see cref="StoreFault.TooLarge"/>: the archive is refused; <see cref="StoreFault.DamagedIndex"/>.</exception>
    public static ImageLayout Open(string path, CancellationToken cancellationToken = default)
    {
        IDisposable? opened = null;
        try
        {
            if (!Directory.Exists(path))
            {
                var archive = LayoutArchive.Open(path, cancellationToken);
                opened = archive;
                StoreLayout.CheckVersion(archive.Layout!, path);
                return new ImageLayout(path, archive, archive.Index);
            }

            LayoutFiles files = LayoutFiles.Open(path, null) ?? throw new StoreException(StoreFault.NotAStore, $"There is no '{path}'.");
            opened = files;
            return Fault.Wrap(path, () =>
            {
                StoreLayout.CheckVersion(files.ReadLayout() ?? throw new StoreException(
                    StoreFault.NotAStore, $"'{path}' is a directory without {LayoutFiles.LayoutName}, so no image layout."), path);
                return new ImageLayout(path, files, files.ReadIndex());
            });
        }
        catch (Exception e)
        {
            opened?.Dispose();
            if (e is StoreException fault && !fault.Message.Contains(path, StringComparison.Ordinal))
            {
                throw new StoreException(fault.Fault, $"'{path}': {fault.Message}", fault);
            }

            throw;
        }
    }

    /// <summary>The layout's part of one repository, from which <see cref="Transfer.ImageTransfer"/> can pull by digest.</summary>
    /// <param name="name">The repository that the layout's names begin with; signatures stand under the same.</param>
    public IReadOnlyRepository Repository(string name) => new LayoutRepository(_blobs, _index, _content, name);

    /// <inheritdoc/>
    public void Dispose() => (_blobs as IDisposable)?.Dispose();
}

/// <summary>An image of a layout.</summary>
/// <param name="Descriptor">Its manifest or index.</param>
/// <param name="Name">Its whole name; null where the layout has none.</param>
/// <param name="Tag">A word that the layout names it by, without a repository; null for none.</param>
public sealed record LayoutImage(Descriptor Descriptor, ImageReference? Name, string? Tag)
{
    /// <summary>The name in the layout if it is not a valid reference, such as <c>ghcr.io/Me/tool:v1</c>; otherwise null.</summary>
    public string? InvalidName { get; init; }
}

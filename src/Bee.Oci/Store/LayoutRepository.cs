using System.Runtime.CompilerServices;
using Bee.Oci.Formats;
using Bee.Oci.Repositories;

namespace Bee.Oci.Store;

/// <summary>A layout from which repositories are read: that of a store, which may change, or an imported one. Thread-safe.</summary>
internal interface ILayoutContent
{
    /// <summary>The layout's name in messages.</summary>
    string What { get; }

    /// <summary>Reads blobs and the current index.</summary>
    /// <exception cref="StoreException">The layout cannot be read.</exception>
    T Read<T>(Func<IBlobs, Func<StoreIndex>, T> read);

    /// <summary>Returns the entry of a tag in a repository; null if it does not exist.</summary>
    DescriptorDocument? Named(StoreIndex entries, string repository, string tag);

    /// <summary>Returns an entry with more metadata than the manifest itself, or null.</summary>
    DescriptorDocument? Known(Digest digest);

    /// <summary>Returns the referrers of a manifest that are not listed under its tag <c>sha256-…</c>.</summary>
    IEnumerable<DescriptorDocument> Referrers(Digest digest);
}

/// <summary>One repository of a layout, with the interface of a registry's repository.</summary>
/// <param name="layout">The layout.</param>
/// <param name="name">The repository.</param>
internal sealed class LayoutRepository(ILayoutContent layout, string name) : IReadOnlyRepository
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public Task<Descriptor?> ResolveAsync(string reference, CancellationToken cancellationToken = default) => Read((blobs, index) => Resolve(blobs, index, reference).Descriptor, cancellationToken);

    /// <inheritdoc/>
    public Task<Content> FetchManifestAsync(string reference, CancellationToken cancellationToken = default) => Read((blobs, index) =>
    {
        (Descriptor? descriptor, byte[]? bytes) = Resolve(blobs, index, reference);
        return descriptor is null
            ? throw new StoreException(StoreFault.NotFound, $"'{reference}' of '{name}' does not exist in {layout.What}.")
            : new Content(descriptor, bytes ?? blobs.ReadBlob(descriptor, StoreLimits.Manifest));
    }, cancellationToken);

    /// <inheritdoc/>
    public Task<Stream> FetchAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => Read((blobs, _) => blobs.OpenBlob(descriptor), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        Read((blobs, _) => !descriptor.Digest.IsEmpty && blobs.HasBlob(descriptor.Digest), cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<Descriptor> ReferrersAsync(Digest digest, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string tag = DigestTag.Referrers(digest);
        IReadOnlyList<DescriptorDocument> listed = await Read<IReadOnlyList<DescriptorDocument>>(
            (blobs, index) =>
            Resolve(blobs, index, tag).Descriptor is { } list && MediaTypes.IsIndex(list.MediaType)
                ? [.. (ManifestDocument.Read(blobs.ReadBlob(list, StoreLimits.Manifest), list).Manifests ?? []).OfType<DescriptorDocument>()]
                : [],
            cancellationToken).ConfigureAwait(false);
        foreach (DescriptorDocument entry in listed.Concat(layout.Referrers(digest)).DistinctBy(entry => entry.Digest ?? ""))
        {
            yield return entry.ToDescriptor();
        }
    }

    /// <summary>Resolves a reference. Returns the manifest's bytes too if they had to be read.</summary>
    private (Descriptor? Descriptor, byte[]? Bytes) Resolve(IBlobs blobs, Func<StoreIndex> index, string reference)
    {
        if (!Digest.TryParse(reference, out Digest digest))
        {
            return (layout.Named(index(), name, reference)?.ToDescriptor(), null);
        }

        if (layout.Known(digest) is { } known)
        {
            return (known.ToDescriptor(), null);
        }

        if (blobs.ReadManifestBytes(digest) is not { } bytes)
        {
            return default;
        }

        // BumbleBee's manifests have no media type.
        ManifestDocument document = OciJson.Read(bytes, OciJson.Canonical.ManifestDocument, StoreFault.DamagedManifest, $"manifest {digest}");
        string mediaType = document.MediaType ?? (document.Manifests is null ? MediaTypes.ImageManifest : MediaTypes.ImageIndex);
        return (new Descriptor(mediaType, digest, bytes.Length) { ArtifactType = document.ArtifactType }, bytes);
    }

    private Task<T> Read<T>(Func<IBlobs, Func<StoreIndex>, T> read, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        try
        {
            return Task.FromResult(layout.Read(read));
        }
        catch (StoreException e)
        {
            return Task.FromException<T>(e);
        }
    }
}

/// <summary>The layout of a store. The index is parsed again when it has changed.</summary>
internal sealed class StoreContent(ImageStore store) : ILayoutContent
{
    private readonly object _door = new();
    private byte[]? _indexBytes;
    private StoreIndex _index = StoreIndex.Parse(null);

    /// <inheritdoc/>
    public string What => $"the image store '{store.Path}'";

    /// <inheritdoc/>
    public T Read<T>(Func<IBlobs, Func<StoreIndex>, T> read)
    {
        using LayoutFiles files = store.Open() ?? throw store.Gone();
        return Fault.Wrap(store.Path, () => read(files, () => Index(files)));
    }

    /// <summary>Returns the entry with the whole name, because one store holds many repositories.</summary>
    public DescriptorDocument? Named(StoreIndex entries, string repository, string tag) => entries.Named($"{repository}:{tag}");

    /// <summary>Returns null: the additional metadata of a store's entries, such as the date, belongs to the store.</summary>
    public DescriptorDocument? Known(Digest digest) => null;

    /// <summary>Returns none: a store lists all referrers under tags.</summary>
    public IEnumerable<DescriptorDocument> Referrers(Digest digest) => [];

    private StoreIndex Index(LayoutFiles files)
    {
        byte[]? bytes = files.ReadIndex();
        lock (_door)
        {
            if (!bytes.AsSpan().SequenceEqual(_indexBytes))
            {
                _index = StoreIndex.Parse(bytes);
                _indexBytes = bytes;
            }

            return _index;
        }
    }
}

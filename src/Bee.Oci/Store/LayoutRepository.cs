using System.Runtime.CompilerServices;
using Bee.Oci.Formats;
using Bee.Oci.Repositories;

namespace Bee.Oci.Store;

/// <summary>A layout that repositories are read from: the store's own, which changes, or one that someone else made. May be asked by several threads.</summary>
internal interface ILayoutContent
{
    /// <summary>What it is, for messages.</summary>
    string What { get; }

    /// <summary>Reads blobs, and the index, as it is when it is asked for.</summary>
    /// <exception cref="StoreException">It cannot be read.</exception>
    T Read<T>(Func<IBlobs, Func<StoreIndex>, T> read);

    /// <summary>The entry that a tag of a repository stands for; null for none.</summary>
    DescriptorDocument? Named(StoreIndex entries, string repository, string tag);

    /// <summary>An entry that says more of a manifest than the manifest itself; null for none.</summary>
    DescriptorDocument? Known(Digest digest);

    /// <summary>Entries that refer to a manifest, besides those under its tag <c>sha256-…</c>.</summary>
    IEnumerable<DescriptorDocument> Referrers(Digest digest);
}

/// <summary>What a layout has of one repository, to be read as a registry's is.</summary>
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
            ? throw new StoreException(StoreFault.NotFound, $"There is no '{reference}' of '{name}' in {layout.What}.")
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

    /// <summary>What a reference stands for, with the manifest's bytes where they had to be read for that.</summary>
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

        // BumbleBee's manifests do not say what they are.
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

/// <summary>The layout of a store. The index is read again when it has changed; blobs are opened as they are asked for.</summary>
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

    /// <summary>The first of the whole name: one store holds many repositories.</summary>
    public DescriptorDocument? Named(StoreIndex entries, string repository, string tag) => entries.Named($"{repository}:{tag}");

    /// <summary>None: what the store's entries say besides is the store's own, such as a date.</summary>
    public DescriptorDocument? Known(Digest digest) => null;

    /// <summary>None: all stand under tags.</summary>
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

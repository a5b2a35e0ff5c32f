using System.Runtime.CompilerServices;
using Bee.Oci.Formats;
using Bee.Oci.Repositories;

namespace Bee.Oci.Store;

/// <summary>What a store has of one repository. The index is read again when it has changed; blobs are opened as they are asked for.</summary>
internal sealed class StoreRepository(ImageStore store, string name) : IReadOnlyRepository
{
    private readonly object _door = new();
    private byte[]? _indexBytes;
    private StoreIndex _index = StoreIndex.Parse(null);

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public Task<Descriptor?> ResolveAsync(string reference, CancellationToken cancellationToken = default) => Read(files =>
    {
        if (ContentDigest.TryParse(reference, out ContentDigest digest))
        {
            return ManifestOf(files, digest)?.Descriptor;
        }

        return Entry(files, reference)?.ToDescriptor();
    }, cancellationToken);

    /// <inheritdoc/>
    public Task<Content> FetchManifestAsync(string reference, CancellationToken cancellationToken = default) => Read(files =>
    {
        if (ContentDigest.TryParse(reference, out ContentDigest digest))
        {
            return ManifestOf(files, digest) ?? throw NotFound(reference);
        }

        Descriptor descriptor = Entry(files, reference)?.ToDescriptor() ?? throw NotFound(reference);
        return new Content(descriptor, files.ReadBlob(descriptor, StoreLimits.Manifest));
    }, cancellationToken);

    /// <inheritdoc/>
    public Task<Stream> FetchAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        Read<Stream>(files => files.OpenBlob(descriptor), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        Read(files => ContentDigest.TryParse(descriptor.Digest, out ContentDigest digest) && files.HasBlob(digest), cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<Descriptor> ReferrersAsync(string digest, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string tag = DigestTag.Referrers(digest);
        if (await ResolveAsync(tag, cancellationToken).ConfigureAwait(false) is not { } found || !MediaTypes.IsIndex(found.MediaType))
        {
            yield break;
        }

        Content index = await FetchManifestAsync(tag, cancellationToken).ConfigureAwait(false);
        foreach (DescriptorDocument? entry in ManifestDocument.Read(index.Bytes, index.Descriptor).Manifests ?? [])
        {
            if (entry is not null)
            {
                yield return entry.ToDescriptor();
            }
        }
    }

    /// <summary>The registries' repositories, without the registry, in which the store has an image too: a registry may take its blobs over from there.</summary>
    public IReadOnlyCollection<string> Namesakes(string digest)
    {
        using LayoutFiles files = store.Open() ?? throw store.Gone();
        return [.. Index(files).Entries
            .Where(e => e.Digest == digest && SignatureNames.IsImage(e))
            .Select(e => ImageReference.TryParse(e.ReferenceName, out ImageReference? parsed) ? parsed.Name : null)
            .OfType<string>()
            .Distinct()];
    }

    private static Content? ManifestOf(LayoutFiles files, ContentDigest digest)
    {
        if (files.ReadManifestBytes(digest) is not { } bytes)
        {
            return null;
        }

        // BumbleBee's manifests do not say what they are.
        ManifestDocument document = OciJson.Read(bytes, OciJson.Canonical.ManifestDocument, StoreFault.DamagedManifest, $"manifest {digest}");
        string mediaType = document.MediaType ?? (document.Manifests is null ? MediaTypes.ImageManifest : MediaTypes.ImageIndex);
        return new Content(new Descriptor(mediaType, digest.ToString(), bytes.Length) { ArtifactType = document.ArtifactType }, bytes);
    }

    private DescriptorDocument? Entry(LayoutFiles files, string tag)
    {
        string whole = $"{name}:{tag}";
        return Index(files).Entries.FirstOrDefault(e => e.ReferenceName == whole);
    }

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

    private StoreException NotFound(string reference) =>
        new(StoreFault.NotFound, $"There is no '{reference}' of '{name}' in the image store '{store.Path}'.");

    private Task<T> Read<T>(Func<LayoutFiles, T> read, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        try
        {
            using LayoutFiles files = store.Open() ?? throw store.Gone();
            return Task.FromResult(Fault.Wrap(store.Path, () => read(files)));
        }
        catch (StoreException e)
        {
            return Task.FromException<T>(e);
        }
    }
}

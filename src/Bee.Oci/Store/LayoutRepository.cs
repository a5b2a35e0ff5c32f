using System.Runtime.CompilerServices;
using Bee.Oci.Formats;
using Bee.Oci.Repositories;

namespace Bee.Oci.Store;

/// <summary>What a layout that somebody else wrote has of one repository: the part that a transfer reads.</summary>
/// <param name="blobs">Its blobs.</param>
/// <param name="index">Its index.</param>
/// <param name="content">What of the index is what.</param>
/// <param name="name">The repository; a name may also stand in the index without it.</param>
internal sealed class LayoutRepository(ILayoutBlobs blobs, StoreIndex index, LayoutContent content, string name) : IReadOnlyRepository
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public Task<Descriptor?> ResolveAsync(string reference, CancellationToken cancellationToken = default) => Run(() => Resolve(reference), cancellationToken);

    /// <inheritdoc/>
    public Task<Content> FetchManifestAsync(string reference, CancellationToken cancellationToken = default) => Run(() =>
    {
        Descriptor descriptor = Resolve(reference) ?? throw new StoreException(StoreFault.NotFound, $"There is no '{reference}' in the image layout.");
        return new Content(descriptor, blobs.ReadBlob(descriptor, StoreLimits.Manifest));
    }, cancellationToken);

    /// <inheritdoc/>
    public Task<Stream> FetchAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => Run(() => blobs.Open(descriptor), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        Run(() => ContentDigest.TryParse(descriptor.Digest, out ContentDigest digest) && blobs.HasBlob(digest), cancellationToken);

    /// <summary>Those in the index under the tag <c>sha256-…</c>, and those that stand in the layout's own index, as ORAS has them.</summary>
    public async IAsyncEnumerable<Descriptor> ReferrersAsync(string digest, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var told = new HashSet<string>();
        Descriptor? list = await ResolveAsync(DigestTag.Referrers(digest), cancellationToken).ConfigureAwait(false);
        IEnumerable<DescriptorDocument?> listed = list is not null && MediaTypes.IsIndex(list.MediaType) ? new ImageReader(blobs, name).ReadManifest(list).Manifests ?? [] : [];
        foreach (DescriptorDocument entry in listed.OfType<DescriptorDocument>().Concat(content.Referrers(digest)))
        {
            if (told.Add(entry.Digest ?? ""))
            {
                yield return entry.ToDescriptor();
            }
        }
    }

    private Descriptor? Resolve(string reference)
    {
        if (!ContentDigest.TryParse(reference, out ContentDigest digest))
        {
            string whole = $"{name}:{reference}";
            return index.Entries.FirstOrDefault(entry => entry.ReferenceName == whole || entry.ReferenceName == reference)?.ToDescriptor();
        }

        if (index.Entries.FirstOrDefault(entry => entry.Digest == reference) is { } known)
        {
            return known.ToDescriptor();
        }

        if (blobs.ReadManifestBytes(digest) is not { } bytes)
        {
            return null;
        }

        // Not all manifests say what they are.
        ManifestDocument document = OciJson.Read(bytes, OciJson.Canonical.ManifestDocument, StoreFault.DamagedManifest, $"manifest {digest}");
        return new Descriptor(document.MediaType ?? (document.Manifests is null ? MediaTypes.ImageManifest : MediaTypes.ImageIndex), reference, bytes.Length);
    }

    private static Task<T> Run<T>(Func<T> work, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        try
        {
            return Task.FromResult(work());
        }
        catch (StoreException e)
        {
            return Task.FromException<T>(e);
        }
    }
}

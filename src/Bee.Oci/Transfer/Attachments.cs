using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Posix;

namespace Bee.Oci.Transfer;

/// <summary>A signature, an attestation or another manifest that belongs to an image: found under a tag such as <c>sha256-….sig</c>, or as a referrer.</summary>
/// <param name="Subject">The digest of the manifest that it belongs to.</param>
/// <param name="Manifest">Its own manifest.</param>
/// <param name="Blobs">Its config and layers.</param>
/// <param name="Tag">Its tag (<see cref="DigestTag"/>); null for a referrer.</param>
internal sealed record Attachment(Digest Subject, Content Manifest, IReadOnlyList<Descriptor> Blobs, string? Tag);

/// <summary>Finds the signatures of an image, and its other referrers if requested.</summary>
/// <param name="source">The repository of the image.</param>
/// <param name="includeOthers">Whether to include attestations, bills of materials and all other referrers.</param>
/// <param name="note">Receives notes about skipped manifests.</param>
internal sealed class Attachments(IReadOnlyRepository source, bool includeOthers, Action<RegistryNote>? note)
{
    // The most referrers to read: anyone who can push can add some.
    private const int Most = 100;

    // Real ones have a few kilobytes. The index of referrers repeats their annotations, and must stay below the limit for manifests.
    private const int LargestReferrer = StoreLimits.Manifest / Most * 3 / 4;

    // The manifests of all platforms stay in memory until the image has its name.
    private const int MostBytes = 16 << 20;

    private long _bytes;

    /// <summary>Returns the attachments of one manifest. Damaged ones are skipped with a warning.</summary>
    /// <exception cref="RegistryException">The registry fails for a reason that may be temporary.</exception>
    public async Task<IReadOnlyList<Attachment>> OfAsync(Digest digest, CancellationToken cancellationToken)
    {
        var found = new List<Attachment>();
        foreach (string tag in includeOthers ? [DigestTag.Signatures(digest), .. DigestTag.Statements(digest)] : new[] { DigestTag.Signatures(digest) })
        {
            await TryAsync(digest, async () =>
            {
                if (await source.ResolveAsync(tag, cancellationToken).ConfigureAwait(false) is not null)
                {
                    Add(found, digest, await source.FetchManifestAsync(tag, cancellationToken).ConfigureAwait(false), tag);
                }
            }).ConfigureAwait(false);
        }

        var referrers = new List<Descriptor>();
        await TryAsync(digest, async () =>
        {
            await foreach (Descriptor referrer in source.ReferrersAsync(digest, cancellationToken).ConfigureAwait(false))
            {
                if (referrers.Count == Most)
                {
                    note?.Invoke(new RegistryNote($"{digest} in {source.Name} has more than {Most} referrers; Bee skips the others.", IsWarning: true));
                    break;
                }

                referrers.Add(referrer);
            }
        }).ConfigureAwait(false);

        foreach (Descriptor referrer in referrers)
        {
            await TryAsync(digest, async () => Add(
                found, digest, await RepositoryManifests.FetchAsync(source, RepositoryManifests.Descriptors([DescriptorDocument.From(referrer)], referrer)[0], cancellationToken).ConfigureAwait(false), tag: null)).ConfigureAwait(false);
        }

        return found;
    }

    /// <summary>Returns the index for the tag <c>sha256-…</c>, as clients keep it in a registry without the referrers API; null without referrers.</summary>
    public static Content? ReferrersIndex(IEnumerable<Attachment> attachments)
    {
        List<DescriptorDocument?> entries = [.. attachments.Where(a => a.Tag is null).Select(a => DescriptorDocument.OfReferrer(a.Manifest.Descriptor, RepositoryManifests.Parse(a.Manifest)))];
        if (entries.Count == 0)
        {
            return null;
        }

        byte[] bytes = OciJson.Write(new ManifestDocument { MediaType = MediaTypes.ImageIndex, Manifests = entries }, OciJson.Canonical.ManifestDocument);
        return new Content(new Descriptor(MediaTypes.ImageIndex, Digest.Of(bytes), bytes.Length), bytes);
    }

    private void Add(List<Attachment> found, Digest digest, Content manifest, string? tag)
    {
        ManifestDocument document = RepositoryManifests.Parse(manifest);
        bool goesAlong = tag is not null
            ? document.Manifests is null
            : document.Subject?.ParsedDigest == digest && (includeOthers || IsSignature(document));
        if (!goesAlong)
        {
            return;
        }

        string what = $"the referrer {manifest.Descriptor.Digest}";
        IReadOnlyList<Descriptor> blobs = RepositoryManifests.Descriptors(document.Config is null ? document.Layers : [document.Config, .. document.Layers ?? []], manifest.Descriptor);
        if (tag is null && document.Manifests is not null)
        {
            throw new RegistryException(RegistryFault.BadAnswer, $"{what} is an index, which Bee does not copy.");
        }

        if (!includeOthers && blobs.FirstOrDefault(b => b.Size > StoreLimits.Manifest) is { } large)
        {
            throw new RegistryException(RegistryFault.TooLarge, $"{what} has a blob of {large.Size} bytes, over the limit of {StoreLimits.Manifest}.");
        }

        if (tag is null && manifest.Bytes.Length > LargestReferrer)
        {
            throw new RegistryException(RegistryFault.TooLarge, $"{what} has {manifest.Bytes.Length} bytes, over the limit of {LargestReferrer}.");
        }

        if (Interlocked.Add(ref _bytes, manifest.Bytes.Length) > MostBytes)
        {
            throw new RegistryException(RegistryFault.TooLarge, $"the image has referrers of more than {MostBytes} bytes.");
        }

        found.Add(new Attachment(digest, manifest, blobs, tag));
    }

    /// <summary>Checks by media types whether a manifest is a signature of cosign, Sigstore or Notary.</summary>
    public static bool IsSignature(ManifestDocument document) => (document.Layers ?? []).Select(l => l?.MediaType)
        .Append(document.ArtifactType)
        .Append(document.Config?.MediaType)
        .Any(t => t is not null && (t.Contains("simplesigning", StringComparison.Ordinal) || t.Contains("sigstore.bundle", StringComparison.Ordinal)
            || t.Contains("signature", StringComparison.Ordinal) || t.Contains("cosign.artifact.sig", StringComparison.Ordinal)));

    /// <summary>Skips damaged attachments with a warning. Registry failures propagate.</summary>
    private async Task TryAsync(Digest digest, Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (RegistryException e) when (e.Fault is RegistryFault.NotFound or RegistryFault.Unsupported or RegistryFault.Denied or RegistryFault.Unauthorized)
        {
            note?.Invoke(new RegistryNote($"{source.Name} does not list the referrers of {digest}: {e.Message}", IsWarning: false));
        }
        catch (RegistryException e) when (e.Fault is RegistryFault.BadAnswer or RegistryFault.TooLarge or RegistryFault.DigestMismatch or RegistryFault.BadName)
        {
            note?.Invoke(new RegistryNote($"Skipping a referrer of {digest} in {source.Name}: {e.Message}", IsWarning: true));
        }
        catch (StoreException e)
        {
            note?.Invoke(new RegistryNote($"Skipping a referrer of {digest} in the store: {e.Message}", IsWarning: true));
        }
    }
}

/// <summary>
/// Deletes the signatures of an image that is deleted by digest, because they are useless without it. Other referrers, such as a bill of materials, are
/// not deleted.
/// </summary>
internal sealed class SignatureRemoval
{
    private readonly IRepository _repository;
    private readonly Descriptor? _list;
    private readonly IReadOnlyList<Attachment> _signatures;

    private SignatureRemoval(IRepository repository, IReadOnlyList<Attachment> signatures, Descriptor? list)
        => (_repository, _signatures, _list) = (repository, signatures, list);

    /// <summary>True if there is nothing to delete.</summary>
    public bool IsEmpty => _signatures.Count == 0 && _list is null;

    /// <summary>Finds the signatures, and deletes nothing.</summary>
    /// <param name="repository">The repository of the image.</param>
    /// <param name="digest">The digest of the image.</param>
    /// <param name="note">Receives notes about unreadable signatures, which stay; may be null.</param>
    /// <param name="cancellationToken">Cancels the requests.</param>
    /// <exception cref="RegistryException">The registry fails.</exception>
    public static async Task<SignatureRemoval> FindAsync(
        IRepository repository, Digest digest, Action<RegistryNote>? note = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(repository);
        IReadOnlyList<Attachment> found = await new Attachments(repository, includeOthers: false, note).OfAsync(digest, cancellationToken).ConfigureAwait(false);
        // Anyone who can push can use the tag for an image.
        Attachment[] signatures = [.. found.Where(attachment => Attachments.IsSignature(RepositoryManifests.Parse(attachment.Manifest)))];
        return new SignatureRemoval(repository, signatures, await ListAsync(repository, digest, signatures, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Deletes the signatures. Call this after the image is deleted: until then its users need them.</summary>
    /// <param name="cancellationToken">Cancels the requests; what is deleted by then stays deleted.</param>
    /// <exception cref="RegistryException">The registry does not delete one of them.</exception>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        // The index of referrers first: while it exists, each deletion of a referrer rewrites it.
        foreach (Digest digest in new[] { _list?.Digest }.Concat(_signatures.Select(signature => (Digest?)signature.Manifest.Descriptor.Digest)).OfType<Digest>().Distinct())
        {
            try
            {
                await _repository.DeleteAsync(digest, cancellationToken).ConfigureAwait(false);
            }
            catch (RegistryException gone) when (gone.Fault == RegistryFault.NotFound)
            {
                // Some registries delete the referrers of an image with it.
            }
        }
    }

    /// <summary>Returns a short description: <c>2 signatures (tag sha256-….sig, 1 that refers to it)</c>.</summary>
    public override string ToString()
    {
        int referrers = _signatures.Count(signature => signature.Tag is null);
        string[] places =
        [
            .. _signatures.Where(signature => signature.Tag is not null).Select(signature => $"tag {signature.Tag}"),
            .. referrers > 0 ? [$"{referrers} that {(referrers == 1 ? "refers" : "refer")} to it"] : Array.Empty<string>(),
        ];
        return _signatures.Count == 0 ? "the empty list of its referrers" : $"{Quantity.Of(_signatures.Count, "signature")} ({string.Join(", ", places)})";
    }

    /// <summary>Returns the index under the tag <c>sha256-…</c> if it would be empty afterwards; otherwise null.</summary>
    private static async Task<Descriptor?> ListAsync(
        IRepository repository, Digest digest, IReadOnlyList<Attachment> signatures, CancellationToken cancellationToken)
    {
        if (await repository.ResolveAsync(DigestTag.Referrers(digest), cancellationToken).ConfigureAwait(false) is not { } list || !MediaTypes.IsIndex(list.MediaType))
        {
            return null;
        }

        Content index = await repository.FetchManifestAsync(list.Digest, cancellationToken).ConfigureAwait(false);
        IEnumerable<Digest?> listed = (RepositoryManifests.Parse(index).Manifests ?? []).Select(entry => entry?.ParsedDigest);
        return listed.All(entry => signatures.Any(signature => signature.Manifest.Descriptor.Digest == entry)) ? index.Descriptor : null;
    }
}

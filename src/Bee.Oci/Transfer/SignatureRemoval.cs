using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;

namespace Bee.Oci.Transfer;

/// <summary>
/// The signatures of an image that goes away by its digest: without it they say nothing, and nobody else finds them. What else is about the image, such as a
/// bill of materials, is left to whoever put it there.
/// </summary>
public sealed class SignatureRemoval
{
    private readonly IRepository _repository;
    private readonly Descriptor? _list;
    private readonly IReadOnlyList<Attachment> _signatures;

    private SignatureRemoval(IRepository repository, IReadOnlyList<Attachment> signatures, Descriptor? list)
        => (_repository, _signatures, _list) = (repository, signatures, list);

    /// <summary>Whether there is nothing to remove.</summary>
    public bool IsEmpty => _signatures.Count == 0 && _list is null;

    /// <summary>Looks for what would be removed, and removes nothing.</summary>
    /// <param name="repository">Where the image is.</param>
    /// <param name="digest">Its digest.</param>
    /// <param name="note">Is told what cannot be read, and so is left there; null for nobody.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RegistryException">The registry cannot be asked.</exception>
    public static async Task<SignatureRemoval> FindAsync(
        IRepository repository, string digest, Action<RegistryNote>? note = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(repository);
        IReadOnlyList<Attachment> found = await new Attachments(repository, includeOthers: false, note).OfAsync(digest, cancellationToken).ConfigureAwait(false);
        // The tag is anybody's who can push: what has it may be an image.
        Attachment[] signatures = [.. found.Where(attachment => Attachments.IsSignature(RepositoryManifests.Parse(attachment.Manifest)))];
        return new SignatureRemoval(repository, signatures, await ListAsync(repository, digest, signatures, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Removes them. To be called when the image itself is gone: until then whoever finds it needs them.</summary>
    /// <param name="cancellationToken">Ends the wait; what has gone by then is gone.</param>
    /// <exception cref="RegistryException">The registry does not remove one of them.</exception>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        // The list first: what is removed while it stands there is taken out of it one by one.
        foreach (string digest in new[] { _list?.Digest }.Concat(_signatures.Select(signature => signature.Manifest.Descriptor.Digest)).OfType<string>().Distinct())
        {
            try
            {
                await _repository.DeleteAsync(digest, cancellationToken).ConfigureAwait(false);
            }
            catch (RegistryException gone) when (gone.Fault == RegistryFault.NotFound)
            {
                // Some registries remove what refers to an image with it.
            }
        }
    }

    /// <summary>What is removed, in a few words: <c>2 signatures (tag sha256-….sig, 1 that refers to it)</c>.</summary>
    public override string ToString()
    {
        int referrers = _signatures.Count(signature => signature.Tag is null);
        string[] places =
        [
            .. _signatures.Where(signature => signature.Tag is not null).Select(signature => $"tag {signature.Tag}"),
            .. referrers > 0 ? [$"{referrers} that {(referrers == 1 ? "refers" : "refer")} to it"] : Array.Empty<string>(),
        ];
        return _signatures.Count == 0 ? "the empty list of what refers to it" : $"{_signatures.Count} signature{(_signatures.Count == 1 ? "" : "s")} ({string.Join(", ", places)})";
    }

    /// <summary>The index under the tag <c>sha256-…</c>, where nothing would be left in it.</summary>
    private static async Task<Descriptor?> ListAsync(
        IRepository repository, string digest, IReadOnlyList<Attachment> signatures, CancellationToken cancellationToken)
    {
        if (await repository.ResolveAsync(DigestTag.Referrers(digest), cancellationToken).ConfigureAwait(false) is not { } list || !MediaTypes.IsIndex(list.MediaType))
        {
            return null;
        }

        Content index = await repository.FetchManifestAsync(list.Digest, cancellationToken).ConfigureAwait(false);
        IEnumerable<string?> listed = (RepositoryManifests.Parse(index).Manifests ?? []).Select(entry => entry?.Digest);
        return listed.All(entry => signatures.Any(signature => signature.Manifest.Descriptor.Digest == entry)) ? index.Descriptor : null;
    }
}

using Bee.Oci.Formats;
using Bee.Oci.Registry;

namespace Bee.Oci.Repositories;

/// <summary>
/// One repository, for reading: manifests, blobs, and what refers to them. A registry's, or the part of a local store that has the same
/// name. All members throw <see cref="RegistryException"/> (a store's also <see cref="StoreException"/>) and
/// <see cref="OperationCanceledException"/>, and nothing else.
/// </summary>
public interface IReadOnlyRepository
{
    /// <summary>Registry and repository, <c>ghcr.io/me/opensnoop</c>.</summary>
    string Name { get; }

    /// <summary>The descriptor of the manifest that a tag or a digest names (OCI Distribution Specification 1.1, "Checking if content exists").</summary>
    /// <param name="reference">A tag, or a digest <c>sha256:…</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Media type, digest and length; null where there is no such manifest.</returns>
    Task<Descriptor?> ResolveAsync(string reference, CancellationToken cancellationToken = default);

    /// <summary>A manifest or an index; digest and length are checked.</summary>
    /// <param name="reference">A tag, or a digest <c>sha256:…</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Its descriptor, and its bytes exactly as they were pushed; at most <see cref="StoreLimits.Manifest"/>.</returns>
    Task<Content> FetchManifestAsync(string reference, CancellationToken cancellationToken = default);

    /// <summary>Opens a blob.</summary>
    /// <param name="descriptor">Its digest and length.</param>
    /// <param name="cancellationToken">Ends the wait, also while the stream is read.</param>
    /// <returns>A stream of exactly the descriptor's length. Reading to its end throws where digest or length are wrong, so content is
    /// only to be believed after the end has been read. A connection that breaks on the way is continued where the other side can.</returns>
    Task<Stream> FetchAsync(Descriptor descriptor, CancellationToken cancellationToken = default);

    /// <summary>Whether a manifest or blob is there, without reading it.</summary>
    Task<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default);

    /// <summary>
    /// What refers to a manifest by its <c>subject</c> (OCI Distribution Specification 1.1, "Listing Referrers"): by the API, or by the tag
    /// <c>sha256-…</c> where the registry has no API.
    /// </summary>
    /// <param name="digest">Digest of the manifest that is referred to.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Descriptors of manifests. Their artifact types are what the index claims: read the manifest before you believe one.</returns>
    IAsyncEnumerable<Descriptor> ReferrersAsync(string digest, CancellationToken cancellationToken = default);
}

/// <summary>A document with its descriptor.</summary>
/// <param name="Descriptor">Media type, digest, length.</param>
/// <param name="Bytes">The bytes, which have that digest.</param>
public sealed record Content(Descriptor Descriptor, byte[] Bytes);

using Bee.Oci.Formats;

namespace Bee.Oci.Repositories;

/// <summary>One repository of a registry: ORAS's resolve, fetch, push, mount, tag, referrers, delete.</summary>
public interface IRepository : IReadOnlyRepository
{
    /// <summary>Pushes a manifest or an index under its digest, and under a tag where one is given. One with a <c>subject</c> becomes a referrer, also
    /// where the registry has no API for them.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="tag">A tag, or null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task PushManifestAsync(Content manifest, string? tag, CancellationToken cancellationToken = default);

    /// <summary>Pushes a blob: in one request where it is small, in chunks where it is not, and goes on after a broken connection where it was.</summary>
    /// <param name="descriptor">Its digest and length.</param>
    /// <param name="open">Opens the content from its beginning, each time that it is needed.</param>
    /// <param name="progress">Is told how many bytes the registry has so far; null for nobody.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task PushAsync(Descriptor descriptor, Func<Stream> open, IProgress<long>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>Takes a blob over from another repository of the same registry, without sending it.</summary>
    /// <param name="descriptor">Its digest and length.</param>
    /// <param name="from">The other repository's name without the registry, <c>me/base</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False where the registry did not: then push.</returns>
    Task<bool> MountAsync(Descriptor descriptor, string from, CancellationToken cancellationToken = default);

    /// <summary>Gives a manifest that is there a tag.</summary>
    Task TagAsync(Descriptor descriptor, string tag, CancellationToken cancellationToken = default);

    /// <summary>Deletes a manifest: by digest with all its tags, or one tag where the registry can.</summary>
    /// <param name="reference">A tag, or a digest <c>sha256:…</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task DeleteAsync(string reference, CancellationToken cancellationToken = default);

    /// <summary>All tags, page by page as they are read.</summary>
    IAsyncEnumerable<string> TagsAsync(CancellationToken cancellationToken = default);
}

/// <summary>A registry.</summary>
internal interface IRegistry : IDisposable
{
    /// <summary>Host and port, <c>ghcr.io</c>, <c>localhost:5000</c>.</summary>
    string Host { get; }

    /// <summary>Asks whether the registry is one and takes the credentials (OCI Distribution Specification 1.1, "Determining Support"). Throws where not.</summary>
    Task PingAsync(CancellationToken cancellationToken = default);

    /// <summary>One of its repositories; asks nothing yet.</summary>
    /// <param name="name">Its name without the registry, <c>me/opensnoop</c>.</param>
    IRepository Repository(string name);

    /// <summary>The names of all repositories, page by page as they are read; many registries do not tell.</summary>
    IAsyncEnumerable<string> RepositoriesAsync(CancellationToken cancellationToken = default);
}

/// <summary>
/// One repository, for reading: manifests, blobs, and what refers to them. A registry's, or the part of a local store that has the same
/// name. All members throw <c>RegistryException</c> (a store's also <see cref="StoreException"/>) and
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
    IAsyncEnumerable<Descriptor> ReferrersAsync(Digest digest, CancellationToken cancellationToken = default);
}

/// <summary>A document with its descriptor.</summary>
/// <param name="Descriptor">Media type, digest, length.</param>
/// <param name="Bytes">The bytes, which have that digest.</param>
public sealed record Content(Descriptor Descriptor, byte[] Bytes);

using Bee.Oci.Formats;

namespace Bee.Oci.Repositories;

/// <summary>A repository of a registry that can be read and written. The operations have the names that oras-go uses.</summary>
public interface IRepository : IReadOnlyRepository
{
    /// <summary>Pushes a manifest or an index by its digest, or under a tag. A manifest with a <c>subject</c> becomes a referrer, even if the registry has no referrers API.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="tag">The tag; null for the digest alone.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    Task PushManifestAsync(Content manifest, string? tag, CancellationToken cancellationToken = default);

    /// <summary>Pushes a blob: a small one in one request, a large one in chunks. After a broken connection the upload resumes.</summary>
    /// <param name="descriptor">Its digest and length.</param>
    /// <param name="open">Opens the content at its beginning; called once for each attempt.</param>
    /// <param name="progress">Receives the number of bytes that the registry has so far; may be null.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    Task PushAsync(Descriptor descriptor, Func<Stream> open, IProgress<long>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>Mounts a blob of another repository of the same registry, without sending it.</summary>
    /// <param name="descriptor">Its digest and length.</param>
    /// <param name="from">The other repository's name without the registry, <c>me/base</c>.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>False if the registry did not mount the blob; push it then.</returns>
    Task<bool> MountAsync(Descriptor descriptor, string from, CancellationToken cancellationToken = default);

    /// <summary>Tags a manifest that the repository has.</summary>
    Task TagAsync(Descriptor descriptor, string tag, CancellationToken cancellationToken = default);

    /// <summary>Deletes a manifest with all its tags, by digest; or one tag, if the registry supports that.</summary>
    /// <param name="reference">A tag, or a digest <c>sha256:…</c>.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    Task DeleteAsync(string reference, CancellationToken cancellationToken = default);

    /// <summary>Lists the tags, page by page.</summary>
    IAsyncEnumerable<string> TagsAsync(CancellationToken cancellationToken = default);
}

/// <summary>A registry.</summary>
internal interface IRegistry : IDisposable
{
    /// <summary>Host and port, <c>ghcr.io</c>, <c>localhost:5000</c>.</summary>
    string Host { get; }

    /// <summary>Checks that the host is a registry and accepts the credentials (OCI Distribution Specification 1.1, "Determining Support"); throws if not.</summary>
    Task PingAsync(CancellationToken cancellationToken = default);

    /// <summary>Returns a repository. Sends nothing yet.</summary>
    /// <param name="name">Its name without the registry, <c>me/opensnoop</c>.</param>
    IRepository Repository(string name);

    /// <summary>Lists the repositories, page by page. Many registries do not support this.</summary>
    IAsyncEnumerable<string> RepositoriesAsync(CancellationToken cancellationToken = default);
}

/// <summary>
/// A repository that can be read: manifests, blobs and referrers, of a registry or of a local store. Members throw only <c>RegistryException</c>,
/// <see cref="StoreException"/> (a store) and <see cref="OperationCanceledException"/>.
/// </summary>
public interface IReadOnlyRepository
{
    /// <summary>Registry and repository, <c>ghcr.io/me/opensnoop</c>.</summary>
    string Name { get; }

    /// <summary>Returns the descriptor of the manifest that a tag or a digest names (OCI Distribution Specification 1.1, "Checking if content exists").</summary>
    /// <param name="reference">A tag, or a digest <c>sha256:…</c>.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The descriptor; null if the manifest does not exist.</returns>
    Task<Descriptor?> ResolveAsync(string reference, CancellationToken cancellationToken = default);

    /// <summary>Reads a manifest or an index, and verifies its digest and size.</summary>
    /// <param name="reference">A tag, or a digest <c>sha256:…</c>.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The descriptor, and the bytes exactly as they were pushed; at most 4 MiB.</returns>
    Task<Content> FetchManifestAsync(string reference, CancellationToken cancellationToken = default);

    /// <summary>Opens a blob.</summary>
    /// <param name="descriptor">Its digest and length.</param>
    /// <param name="cancellationToken">Cancels the request, and reads of the stream.</param>
    /// <returns>A stream of exactly the descriptor's size. The read that reaches the end throws if digest or size are wrong, so do not trust the
    /// content before that. A broken connection is resumed if the registry supports it.</returns>
    Task<Stream> FetchAsync(Descriptor descriptor, CancellationToken cancellationToken = default);

    /// <summary>Checks whether a manifest or a blob exists, without reading it.</summary>
    Task<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default);

    /// <summary>
    /// Lists the manifests whose <c>subject</c> is a manifest (OCI Distribution Specification 1.1, "Listing Referrers"): from the referrers API, or
    /// from the tag <c>sha256-…</c> if the registry does not have that API.
    /// </summary>
    /// <param name="digest">The digest of the subject.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The descriptors of the referrers. Their artifact types come from the index and are not verified: read the manifest before you rely on one.</returns>
    IAsyncEnumerable<Descriptor> ReferrersAsync(Digest digest, CancellationToken cancellationToken = default);
}

/// <summary>A manifest or an index with its descriptor.</summary>
/// <param name="Descriptor">Media type, digest and size.</param>
/// <param name="Bytes">The bytes, whose digest is verified.</param>
public sealed record Content(Descriptor Descriptor, byte[] Bytes);

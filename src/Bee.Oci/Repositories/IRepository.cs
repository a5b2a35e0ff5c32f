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
public interface IRegistry : IDisposable
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

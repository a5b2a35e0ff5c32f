using Bee.Oci.Formats;
using Bee.Oci.Registry.Authentication;
using Bee.Oci.Repositories;
using Bee.Posix;

namespace Bee.Oci.Registry.Client;

/// <summary>
/// A client for one registry (OCI Distribution Specification 1.1). Thread-safe. Responses are verified before they are used.
/// </summary>
internal sealed class RemoteRegistry : IRegistry
{
    private readonly Endpoint _endpoint;
    private readonly SemaphoreSlim _referrersGate = new(1, 1);

    /// <summary>Creates the client. Sends nothing yet.</summary>
    /// <param name="host">Host and port, <c>ghcr.io</c>, <c>localhost:5000</c>, <c>[::1]:5000</c>.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="RegistryException">The host or an option is invalid, such as a missing certificate file.</exception>
    public RemoteRegistry(string host, RegistryOptions options) => _endpoint = new Endpoint(host, options);

    /// <inheritdoc/>
    public string Host => _endpoint.Host;

    /// <inheritdoc/>
    public async Task PingAsync(CancellationToken cancellationToken = default)
    {
        string doing = $"connect to the registry {Host}";
        using HttpResponseMessage response = await _endpoint.SendAsync(HttpMethod.Get, _endpoint.Address(""), RegistryScope.None, cancellationToken).ConfigureAwait(false);
        bool isPage = response.Content.Headers.ContentType?.MediaType == "text/html" && !response.Headers.Contains("Docker-Distribution-Api-Version");
        if (response.IsSuccessStatusCode && !isPage)
        {
            return;
        }

        throw response.IsSuccessStatusCode || (int)response.StatusCode == 404
            ? new RegistryException(RegistryFault.BadAnswer, $"{Host} is not a registry: it does not serve /v2/.")
            {
                Status = (int)response.StatusCode,
                Remedy = "Check the host and the port.",
            }
            : await _endpoint.FailureAsync(response, doing, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadName"/>: the name is invalid.</exception>
    public IRepository Repository(string name) => new RemoteRepository(_endpoint, References.CheckRepository(Host, name), _referrersGate);

    /// <inheritdoc/>
    public IAsyncEnumerable<string> RepositoriesAsync(CancellationToken cancellationToken = default) => Listing.NamesAsync(
        _endpoint,
        _endpoint.Address("_catalog"),
        RegistryScope.Catalog,
        $"list the repositories of {Host}",
        page => RegistryDocuments.Read(page, OciJson.Canonical.CatalogDocument, $"list of repositories of {Host}").Repositories,
        name => ReferenceGrammar.RepositoryFault(name) is null,
        cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _endpoint.Dispose();
        _referrersGate.Dispose();
    }
}

/// <summary>Validates names before they become part of a URL.</summary>
internal static class References
{
    /// <summary>Returns a reference if it is a tag or a <c>sha256:</c> digest.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadName"/>.</exception>
    public static string Check(string reference)
    {
        string? fault = reference.Contains(':') ? ReferenceGrammar.DigestFault(reference) : ReferenceGrammar.TagFault(reference);
        return fault is null ? reference : throw new RegistryException(RegistryFault.BadName, $"'{TerminalText.Clean(reference)}' is neither a tag nor a digest: {fault}");
    }

    /// <summary>Returns a tag if it is valid.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadName"/>.</exception>
    public static string CheckTag(string tag) =>
        ReferenceGrammar.TagFault(tag) is { } fault ? throw new RegistryException(RegistryFault.BadName, $"Bad tag: {fault}") : tag;

    /// <summary>Returns a repository's name if it is valid.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadName"/>.</exception>
    public static string CheckRepository(string host, string name) =>
        (ReferenceGrammar.RepositoryFault(name) ?? ReferenceGrammar.LengthFault(host, name)) is { } fault
            ? throw new RegistryException(RegistryFault.BadName, $"Bad repository name '{TerminalText.Clean(name)}': {fault}")
            : name;

    /// <summary>Returns the digest of a reference; null for a tag.</summary>
    public static Digest? AsDigest(string reference) => Digest.TryParse(reference, out Digest digest) ? digest : null;
}

/// <summary>A repository of a <see cref="RemoteRegistry"/>.</summary>
internal sealed class RemoteRepository : IRepository
{
    private readonly Endpoint _endpoint;
    private readonly string _path;
    private readonly RepositoryRights _rights;
    private readonly Manifests _manifests;
    private readonly Uploads _uploads;
    private readonly ReferrersTag _referrersTag;
    private readonly Referrers _referrers;

    /// <summary>Creates the client. Sends nothing yet.</summary>
    /// <param name="endpoint">The registry.</param>
    /// <param name="name">The repository's name without the registry.</param>
    /// <param name="gate">The lock for changes of a list of referrers.</param>
    public RemoteRepository(Endpoint endpoint, string name, SemaphoreSlim gate)
    {
        _endpoint = endpoint;
        Name = $"{endpoint.Host}/{name}";

        // Docker Hub's official images belong to the owner "library".
        _path = endpoint.Host == "docker.io" && !name.Contains('/') ? "library/" + name : name;
        _rights = new RepositoryRights(_path);
        _manifests = new Manifests(endpoint, _path, Name, _rights);
        _uploads = new Uploads(endpoint, _path, Name, _rights);
        _referrersTag = new ReferrersTag(_manifests, Name, gate);
        _referrers = new Referrers(endpoint, _path, Name, _rights, _referrersTag);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public Task<Descriptor?> ResolveAsync(string reference, CancellationToken cancellationToken = default) =>
        _rights.LookAsync(() => _manifests.ResolveAsync(References.Check(reference), cancellationToken));

    /// <inheritdoc/>
    public Task<Content> FetchManifestAsync(string reference, CancellationToken cancellationToken = default) =>
        _manifests.FetchAsync(References.Check(reference), cancellationToken);

    /// <inheritdoc/>
    public async Task<Stream> FetchAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        References.Check(descriptor.Digest);
        if (descriptor.Size < 0)
        {
            throw new RegistryException(RegistryFault.BadAnswer, $"The descriptor of {descriptor.Digest} in {Name} has a negative size.");
        }

        if (IsManifest(descriptor))
        {
            byte[] bytes = (await _manifests.FetchAsync(descriptor.Digest, cancellationToken).ConfigureAwait(false)).Bytes;
            return bytes.Length == descriptor.Size
                ? new MemoryStream(bytes, writable: false)
                : throw new RegistryException(RegistryFault.DigestMismatch, $"The manifest {descriptor.Digest} of {Name} has {Quantity.Of(bytes.Length, "byte")}, not the {descriptor.Size} of its descriptor.");
        }

        return await BlobDownload.OpenAsync(_endpoint, _path, Name, _rights.Read, descriptor, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        _rights.LookAsync(() => IsManifest(descriptor) ? _manifests.ExistsAsync(descriptor, cancellationToken) : _uploads.ExistsAsync(descriptor, cancellationToken));

    /// <inheritdoc/>
    public IAsyncEnumerable<Descriptor> ReferrersAsync(Digest digest, CancellationToken cancellationToken = default) => _referrers.ListAsync(digest, cancellationToken);

    /// <inheritdoc/>
    public async Task PushManifestAsync(Content manifest, string? tag, CancellationToken cancellationToken = default)
    {
        ManifestDocument document = RegistryDocuments.Read(manifest.Bytes, OciJson.Canonical.ManifestDocument, "manifest to push");
        (_, bool subjectSeen) = await _manifests.PutAsync(
            manifest, tag is null ? References.Check(manifest.Descriptor.Digest) : References.CheckTag(tag), null, cancellationToken).ConfigureAwait(false);
        if (!subjectSeen && Digest.TryParse(document.Subject?.Digest, out Digest subject))
        {
            await _referrersTag.AddAsync(subject, DescriptorDocument.OfReferrer(manifest.Descriptor, document), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public Task PushAsync(Descriptor descriptor, Func<Stream> open, IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        _uploads.PushAsync(descriptor, open, progress, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> MountAsync(Descriptor descriptor, string from, CancellationToken cancellationToken = default) =>
        _uploads.MountAsync(descriptor, References.CheckRepository(_endpoint.Host, from), cancellationToken);

    /// <inheritdoc/>
    public async Task TagAsync(Descriptor descriptor, string tag, CancellationToken cancellationToken = default)
    {
        References.CheckTag(tag);
        Content content = await FetchManifestAsync(descriptor.Digest, cancellationToken).ConfigureAwait(false);
        await _manifests.PutAsync(content, tag, null, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string reference, CancellationToken cancellationToken = default)
    {
        Digest? digest = References.AsDigest(References.Check(reference));
        Digest? subject = digest is null ? null : await SubjectAsync(reference, cancellationToken).ConfigureAwait(false);
        await _manifests.DeleteAsync(reference, cancellationToken).ConfigureAwait(false);
        if (subject is { } referred && !await _referrers.HasApiAsync(referred, cancellationToken).ConfigureAwait(false))
        {
            await _referrersTag.RemoveAsync(referred, digest!.Value, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<string> TagsAsync(CancellationToken cancellationToken = default) => Listing.NamesAsync(
        _endpoint,
        _endpoint.Address($"{_path}/tags/list"),
        _rights.Read,
        $"list the tags of {Name}",
        page => RegistryDocuments.Read(page, OciJson.Canonical.TagListDocument, $"list of tags of {Name}").Tags,
        tag => ReferenceGrammar.TagFault(tag) is null,
        cancellationToken);

    private static bool IsManifest(Descriptor descriptor) => MediaTypes.IsManifest(descriptor.MediaType) || MediaTypes.IsIndex(descriptor.MediaType);

    /// <summary>Returns the subject of a manifest; null for none, or if the manifest is damaged.</summary>
    private async Task<Digest?> SubjectAsync(string digest, CancellationToken cancellationToken)
    {
        try
        {
            var found = await _manifests.TryFetchAsync(digest, cancellationToken).ConfigureAwait(false);
            return found is { } there
                && Digest.TryParse(OciJson.Read(there.Content.Bytes, OciJson.Canonical.ManifestDocument, StoreFault.DamagedManifest, "manifest").Subject?.Digest, out Digest subject)
                ? subject
                : null;
        }
        catch (RegistryException e) when (e.Fault is RegistryFault.BadAnswer or RegistryFault.DigestMismatch or RegistryFault.TooLarge)
        {
            // A damaged manifest can be deleted too.
            return null;
        }
    }
}

/// <summary>
/// The scopes of requests to one repository. Reads request pull access only, until the first write; from then on one token serves both.
/// </summary>
/// <param name="path">The repository's name in the registry.</param>
internal sealed class RepositoryRights(string path)
{
    private readonly RegistryScope _pull = RegistryScope.Pull(path);
    private readonly RegistryScope _push = RegistryScope.Push(path);
    private volatile bool _writes;

    /// <summary>The scope of a read.</summary>
    public RegistryScope Read => _writes ? _push : _pull;

    /// <summary>Returns the scope of a write.</summary>
    public RegistryScope Write()
    {
        _writes = true;
        return _push;
    }

    /// <summary>
    /// Checks whether something exists. Before the first push many registries deny pull access to a client that may push, so a denied check is repeated
    /// with push access.
    /// </summary>
    public async Task<T> LookAsync<T>(Func<Task<T>> look)
    {
        try
        {
            return await look().ConfigureAwait(false);
        }
        catch (RegistryException e) when (!_writes && e.Fault is RegistryFault.Unauthorized or RegistryFault.Denied)
        {
            _writes = true;
            try
            {
                return await look().ConfigureAwait(false);
            }
            catch (RegistryException)
            {
                _writes = false;
                throw;
            }
        }
    }
}

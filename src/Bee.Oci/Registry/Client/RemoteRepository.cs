using Bee.Oci.Formats;
using Bee.Oci.Registry.Authentication;
using Bee.Oci.Repositories;

namespace Bee.Oci.Registry.Client;

/// <summary>A repository of a <see cref="RemoteRegistry"/>: puts the parts of the client together.</summary>
internal sealed class RemoteRepository : IRepository
{
    private readonly Endpoint _endpoint;
    private readonly string _path;
    private readonly RepositoryRights _rights;
    private readonly Manifests _manifests;
    private readonly Uploads _uploads;
    private readonly ReferrersTag _referrersTag;
    private readonly Referrers _referrers;

    /// <summary>Makes one; asks nothing yet.</summary>
    /// <param name="endpoint">The registry.</param>
    /// <param name="name">The repository's name without the registry.</param>
    /// <param name="gate">Held while a list of referrers is changed.</param>
    public RemoteRepository(Endpoint endpoint, string name, SemaphoreSlim gate)
    {
        _endpoint = endpoint;
        Name = $"{endpoint.Host}/{name}";

        // Docker's own images are short for those of an owner called library.
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
            throw new RegistryException(RegistryFault.BadAnswer, $"The descriptor of {descriptor.Digest} in {Name} has a length below zero.");
        }

        if (IsManifest(descriptor))
        {
            byte[] bytes = (await _manifests.FetchAsync(descriptor.Digest, cancellationToken).ConfigureAwait(false)).Bytes;
            return bytes.Length == descriptor.Size
                ? new MemoryStream(bytes, writable: false)
                : throw new RegistryException(RegistryFault.DigestMismatch, $"The manifest {descriptor.Digest} of {Name} has {bytes.Length} bytes, and not the {descriptor.Size} of its descriptor.");
        }

        return await BlobDownload.OpenAsync(_endpoint, _path, Name, _rights.Read, descriptor, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        _rights.LookAsync(() => IsManifest(descriptor) ? _manifests.ExistsAsync(descriptor, cancellationToken) : _uploads.ExistsAsync(descriptor, cancellationToken));

    /// <inheritdoc/>
    public IAsyncEnumerable<Descriptor> ReferrersAsync(string digest, CancellationToken cancellationToken = default) => _referrers.ListAsync(digest, cancellationToken);

    /// <inheritdoc/>
    public async Task PushManifestAsync(Content manifest, string? tag, CancellationToken cancellationToken = default)
    {
        ManifestDocument document = RegistryDocuments.Read(manifest.Bytes, OciJson.Canonical.ManifestDocument, "manifest to push");
        (_, bool subjectSeen) = await _manifests.PutAsync(
            manifest, tag is null ? References.Check(manifest.Descriptor.Digest) : References.CheckTag(tag), null, cancellationToken).ConfigureAwait(false);
        if (!subjectSeen && ContentDigest.TryParse(document.Subject?.Digest, out ContentDigest subject))
        {
            // As the specification has the entry: what the manifest says that it is, else what its config is; and all annotations.
            var entry = DescriptorDocument.From(manifest.Descriptor with { Annotations = new Dictionary<string, string>(), Platform = null });
            entry.ArtifactType = string.IsNullOrEmpty(document.ArtifactType) ? document.Config?.MediaType : document.ArtifactType;
            entry.Annotations = document.Annotations;
            await _referrersTag.AddAsync(subject, entry, cancellationToken).ConfigureAwait(false);
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
        ContentDigest? subject = References.Digest(References.Check(reference)) is null ? null : await SubjectAsync(reference, cancellationToken).ConfigureAwait(false);
        await _manifests.DeleteAsync(reference, cancellationToken).ConfigureAwait(false);
        if (subject is { } referred && !await _referrers.HasApiAsync(referred, cancellationToken).ConfigureAwait(false))
        {
            await _referrersTag.RemoveAsync(referred, reference, cancellationToken).ConfigureAwait(false);
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

    /// <summary>What a manifest refers to; null for most, and where it cannot be told.</summary>
    private async Task<ContentDigest?> SubjectAsync(string digest, CancellationToken cancellationToken)
    {
        try
        {
            var found = await _manifests.TryFetchAsync(digest, cancellationToken).ConfigureAwait(false);
            return found is { } there
                && ContentDigest.TryParse(OciJson.Read(there.Content.Bytes, OciJson.Canonical.ManifestDocument, StoreFault.DamagedManifest, "manifest").Subject?.Digest, out ContentDigest subject)
                ? subject
                : null;
        }
        catch (RegistryException e) when (e.Fault is RegistryFault.BadAnswer or RegistryFault.DigestMismatch or RegistryFault.TooLarge)
        {
            // What is damaged may be deleted all the more.
            return null;
        }
    }
}

/// <summary>
/// Which rights the requests to one repository ask for. Reading asks for no more than reading, until something is written: from then on one
/// token does for both.
/// </summary>
/// <param name="path">The repository's name in the registry.</param>
internal sealed class RepositoryRights(string path)
{
    private readonly RegistryScope _pull = RegistryScope.Pull(path);
    private readonly RegistryScope _push = RegistryScope.Push(path);
    private volatile bool _writes;

    /// <summary>For a request that reads.</summary>
    public RegistryScope Read => _writes ? _push : _pull;

    /// <summary>For a request that writes.</summary>
    public RegistryScope Write()
    {
        _writes = true;
        return _push;
    }

    /// <summary>
    /// Looks whether something is there. Before a first push nothing is, and many registries then give no right to read to somebody who may
    /// write: so a look that is denied is tried with that right.
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

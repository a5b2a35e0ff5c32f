using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Oci.Signatures;
using Bee.Oci.Signatures.Keys;
using Bee.Oci.Signatures.Layouts;
using Bee.Oci.Store;
using Bee.Oci.Transfer;

namespace Bee.Oci;

/// <summary>
/// Pulls, pushes, copies, verifies and signs images and other artifacts in registries (OCI Distribution Specification 1.1). A reference names the registry, the repository, and a tag or a digest.
/// Thread-safe. All methods throw <see cref="RegistryException"/> if a registry fails.
/// </summary>
/// <example>
/// <code>
/// using var registry = new RegistryClient(new RegistryOptions { Credentials = DockerConfig.Load() });
/// var store = ImageStore.Open("/var/lib/tools");
/// var reference = ImageReference.Parse("ghcr.io/me/opensnoop:v1");
/// SignatureReport report = await registry.VerifyAsync(reference, [VerificationKey.Read(File.ReadAllText("cosign.pub"))]);
/// TransferResult pulled = await registry.PullAsync(reference.WithDigest(report.Digest), store);
/// </code>
/// </example>
public sealed class RegistryClient : IDisposable
{
    private readonly Dictionary<string, RemoteRegistry> _registries = new(StringComparer.OrdinalIgnoreCase);
    private readonly RegistryOptions _options;
    private bool _disposed;

    /// <summary>Creates a client. It sends nothing yet.</summary>
    /// <param name="options">Transport, credentials and limits for all registries; null for the defaults, without credentials.</param>
    public RegistryClient(RegistryOptions? options = null) => _options = options ?? new RegistryOptions();

    /// <summary>Returns the repository that a reference names. Sends nothing yet.</summary>
    /// <param name="reference">The reference; its tag and digest do not matter.</param>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadName"/>: the reference names no registry.</exception>
    public IRepository Repository(ImageReference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return Registry(reference.Registry ?? throw new RegistryException(RegistryFault.BadName, $"'{reference}' does not name a registry.")
        {
            Remedy = "Put the registry's host before it: ghcr.io/me/opensnoop:v1.",
        }).Repository(reference.Repository);
    }

    /// <summary>Checks that a host is a registry and accepts the credentials (OCI Distribution Specification 1.1, "Determining Support").</summary>
    /// <param name="registry">Host and port: <c>ghcr.io</c>, <c>localhost:5000</c>.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task PingAsync(string registry, CancellationToken cancellationToken = default) => Registry(registry).PingAsync(cancellationToken);

    /// <summary>Lists the repositories of a registry, page by page. Many registries do not support this.</summary>
    /// <param name="registry">Host and port: <c>ghcr.io</c>, <c>localhost:5000</c>.</param>
    /// <param name="cancellationToken">Cancels the requests.</param>
    public IAsyncEnumerable<string> RepositoriesAsync(string registry, CancellationToken cancellationToken = default) => Registry(registry).RepositoriesAsync(cancellationToken);

    /// <summary>Reads the manifest of an image and returns digest, size, platforms and annotations.</summary>
    /// <param name="reference">The image; without tag and digest, <c>latest</c>.</param>
    /// <param name="cancellationToken">Cancels the requests.</param>
    public Task<RemoteImage> DescribeAsync(ImageReference reference, CancellationToken cancellationToken = default) =>
        RemoteImage.DescribeAsync(Repository(reference), reference, cancellationToken);

    /// <summary>Pulls an image into a store, where it gets the same name. The name is set last, after every blob is stored and its digest is verified.</summary>
    /// <param name="reference">The image; without tag and digest, <c>latest</c>.</param>
    /// <param name="store">The store.</param>
    /// <param name="options">Platform, concurrency, progress, a check before the name is set; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the transfer; the store then has no new name.</param>
    /// <exception cref="StoreException">The store cannot hold the image.</exception>
    public Task<TransferResult> PullAsync(ImageReference reference, ImageStore store, TransferOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ImageReference name = reference.WithDefaultTag();
        return Transfer(options).PullAsync(Repository(name), name.TagOrDigest, store, name, cancellationToken);
    }

    /// <summary>Pushes the image that a store has under a name. The registry gets the tag last.</summary>
    /// <param name="reference">The name; without a tag, <c>latest</c>.</param>
    /// <param name="store">The store.</param>
    /// <param name="options">Concurrency, progress, whether signatures and other referrers go along; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the transfer; the registry then has no new tag.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.NotFound"/>: the store has no such image; or the image is damaged.</exception>
    public Task<TransferResult> PushAsync(ImageReference reference, ImageStore store, TransferOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(store);
        ImageReference name = reference.WithDefaultTag();
        Image image = store.Find(name.ToString()) ?? throw new StoreException(StoreFault.NotFound, $"There is no image '{name}' in '{store.Path}'.");
        return Transfer(options).PushAsync(store, image, Repository(name), name.Tag, cancellationToken);
    }

    /// <summary>Packs an artifact and pushes it.</summary>
    /// <param name="reference">The repository and the tag. Without a tag the artifact is found by its digest, or as a referrer of its subject.</param>
    /// <param name="artifact">The artifact.</param>
    /// <param name="cancellationToken">Cancels the requests.</param>
    /// <returns>The descriptor of the manifest.</returns>
    /// <exception cref="StoreException"><see cref="StoreFault.BadContent"/>: the artifact cannot be packed; <see cref="StoreFault.BadReference"/>: the reference has another digest.</exception>
    public async Task<Descriptor> PushAsync(ImageReference reference, ArtifactContent artifact, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        IRepository repository = Repository(reference);
        var packed = PackedArtifact.From(artifact);
        _ = ImageStore.NameFor(reference, packed.Descriptor.Digest);
        foreach (ArtifactBlob blob in packed.Blobs)
        {
            if (!await repository.ExistsAsync(blob.Descriptor, cancellationToken).ConfigureAwait(false))
            {
                await repository.PushAsync(blob.Descriptor, () => new MemoryStream(blob.Content, writable: false), null, cancellationToken).ConfigureAwait(false);
            }
        }

        await repository.PushManifestAsync(new Content(packed.Descriptor, packed.Manifest), reference.Tag, cancellationToken).ConfigureAwait(false);
        return packed.Descriptor;
    }

    /// <summary>Copies an image from one repository to another. Within one registry blobs are mounted, not sent.</summary>
    /// <param name="source">The image; without tag and digest, <c>latest</c>.</param>
    /// <param name="target">The new name; without a tag, <c>latest</c>.</param>
    /// <param name="options">Platform, concurrency, progress; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the transfer; the target then has no new tag.</param>
    public Task<TransferResult> CopyAsync(ImageReference source, ImageReference target, TransferOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        return Transfer(options).CopyAsync(Repository(source), source.TagOrDigest, Repository(target), target.WithDefaultTag().Tag, cancellationToken);
    }

    /// <summary>Verifies cosign's key-based signatures of an image.</summary>
    /// <param name="reference">The image; without tag and digest, <c>latest</c>.</param>
    /// <param name="keys">The keys, one of which must have signed.</param>
    /// <param name="cancellationToken">Cancels the requests.</param>
    /// <returns>The digest and the signatures found. Pull by this digest: a tag can move.</returns>
    public async Task<SignatureReport> VerifyAsync(ImageReference reference, IReadOnlyList<VerificationKey> keys, CancellationToken cancellationToken = default)
    {
        IRepository repository = Repository(reference);
        Descriptor image = await ResolveAsync(repository, reference, cancellationToken).ConfigureAwait(false);
        return await new SignatureVerifier().VerifyAsync(repository, reference, image.Digest, keys, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Signs an image, and the manifest of each of its platforms, as <c>cosign sign --recursive --key</c> does, without a transparency log.</summary>
    /// <param name="reference">The image; without tag and digest, <c>latest</c>.</param>
    /// <param name="key">The private key.</param>
    /// <param name="layout">How the signature is stored beside the image.</param>
    /// <param name="cancellationToken">Cancels the requests.</param>
    /// <returns>The manifest with the signature of the whole image.</returns>
    /// <exception cref="SignatureException"><see cref="SignatureFault.BadSignatureImage"/>: the signature's tag is used for something else.</exception>
    public async Task<Descriptor> SignAsync(ImageReference reference, SigningKey key, SignatureLayout layout = SignatureLayout.Tag, CancellationToken cancellationToken = default)
    {
        IRepository repository = Repository(reference);
        Descriptor image = await ResolveAsync(repository, reference, cancellationToken).ConfigureAwait(false);
        return await ImageSigner.SignWholeAsync(repository, reference, image, key, layout, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes all connections. The client cannot be used afterwards.</summary>
    public void Dispose()
    {
        lock (_registries)
        {
            _disposed = true;
            foreach (RemoteRegistry registry in _registries.Values)
            {
                registry.Dispose();
            }

            _registries.Clear();
        }
    }

    private static async Task<Descriptor> ResolveAsync(IRepository repository, ImageReference reference, CancellationToken cancellationToken) =>
        await repository.ResolveAsync(reference.TagOrDigest, cancellationToken).ConfigureAwait(false)
        ?? throw new RegistryException(RegistryFault.NotFound, $"{repository.Name} has no image {reference.TagOrDigest}.");

    private ImageTransfer Transfer(TransferOptions? options) => new(options ?? new TransferOptions { Note = _options.Note });

    private RemoteRegistry Registry(string host)
    {
        lock (_registries)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_registries.TryGetValue(host, out RemoteRegistry? registry))
            {
                registry = new RemoteRegistry(host, _options);
                _registries.Add(host, registry);
            }

            return registry;
        }
    }
}

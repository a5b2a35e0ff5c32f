using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Store;

namespace Bee.Oci.Transfer;

/// <summary>
/// Moves images between stores and registries: manifests from the top, blobs several at once and only those that are not there, and the name at
/// the very end, when all that it stands for is there and verified. A transfer that was cut off at any moment is started again as it was.
/// </summary>
/// <param name="options">How; null for the defaults.</param>
public sealed class ImageTransfer(TransferOptions? options = null)
{
    private readonly TransferOptions _options = options ?? new();

    /// <summary>Brings an image into a store.</summary>
    /// <param name="source">Where it is.</param>
    /// <param name="reference">A tag, or a digest <c>sha256:…</c>, there.</param>
    /// <param name="store">Where it goes.</param>
    /// <param name="name">What it is called there; whatever had the name loses it. A digest in it has to be the image's.</param>
    /// <param name="cancellationToken">Ends the transfer; nothing is named then.</param>
    /// <exception cref="RegistryException">The source does not give it, or gives something else.</exception>
    /// <exception cref="StoreException">The store cannot take it.</exception>
    public async Task<TransferResult> PullAsync(
        IReadOnlyRepository source, string reference, ImageStore store, ImageReference name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        store.RefuseIfReadOnly();
        return await new Pull(source, store, _options).RunAsync(reference, name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Brings an image of a store into a registry.</summary>
    /// <param name="store">Where it is.</param>
    /// <param name="image">The image, one of the store's.</param>
    /// <param name="target">Where it goes.</param>
    /// <param name="tag">What it is called there; null for its digest alone.</param>
    /// <param name="cancellationToken">Ends the transfer; nothing is named then.</param>
    /// <exception cref="RegistryException">The registry does not take it.</exception>
    /// <exception cref="StoreException">The image is damaged, or not whole.</exception>
    public async Task<TransferResult> PushAsync(ImageStore store, Image image, IRepository target, string? tag, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(image);
        IReadOnlyRepository source = store.Repository(image.Repository);
        IEnumerable<string> names = [image.Repository, .. store.Namesakes(image.Digest)];
        return await new Push(source, target, Mounts(names, target), _options).RunAsync(image.Digest, tag, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Brings an image from one repository into another, by way of memory alone; within one registry blobs are mounted.</summary>
    /// <param name="source">Where it is.</param>
    /// <param name="reference">A tag, or a digest <c>sha256:…</c>, there.</param>
    /// <param name="target">Where it goes.</param>
    /// <param name="tag">What it is called there; null for its digest alone.</param>
    /// <param name="cancellationToken">Ends the transfer; nothing is named then.</param>
    /// <exception cref="RegistryException">The source does not give it, or the target does not take it.</exception>
    public Task<TransferResult> CopyAsync(
        IReadOnlyRepository source, string reference, IRepository target, string? tag, CancellationToken cancellationToken = default) =>
        new Push(source, target, Mounts([source.Name], target), _options).RunAsync(reference, tag, cancellationToken);

    /// <summary>Of some repositories those in the target's registry, but for the target itself, without the registry.</summary>
    private static string[] Mounts(IEnumerable<string> names, IRepository target)
    {
        string registry = target.Name[..(target.Name.IndexOf('/') + 1)];
        return [.. names.Distinct().Where(n => registry.Length > 0 && n != target.Name && n.StartsWith(registry, StringComparison.Ordinal)).Select(n => n[registry.Length..])];
    }
}

/// <summary>How an image is moved.</summary>
public sealed record TransferOptions
{
    /// <summary>
    /// The platform whose manifest is taken out of an index; null for the whole index. An image that says that it is for another platform is
    /// refused (<see cref="RegistryFault.NoPlatform"/>); one that says nothing is taken.
    /// </summary>
    public Platform? Platform { get; init; }

    /// <summary>How many blobs go at once; 1 or more.</summary>
    public int Concurrency { get; init; } = 4;

    /// <summary>Is counted up while the transfer runs; null for nobody.</summary>
    public TransferProgress? Progress { get; init; }

    /// <summary>
    /// Whether the image may be taken: called once for each transfer with what the reference stands for and where it is, after that is known by its
    /// digest and before anything is named. What it throws ends the transfer, and leaves nothing named.
    /// </summary>
    public Func<Descriptor, IReadOnlyRepository, CancellationToken, Task>? BeforeCommit { get; init; }

    /// <summary>Whether the signatures of the image go with it: the tag <c>sha256-….sig</c>, and what refers to its digest.</summary>
    public bool Signatures { get; init; } = true;

    /// <summary>
    /// Whether all else that is about the image goes with it too, such as attestations and bills of materials: the tags <c>sha256-….att</c> and
    /// <c>sha256-….sbom</c>, and what refers to its digest. What is about those in turn stays behind. Only together with <see cref="Signatures"/>.
    /// </summary>
    public bool Referrers { get; init; }

    /// <summary>Is told what a person may want to know; called on any thread.</summary>
    public Action<RegistryNote>? Note { get; init; }
}

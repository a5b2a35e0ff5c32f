using System.Runtime.ExceptionServices;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Store;

namespace Bee.Oci.Transfer;

/// <summary>
/// Moves images between stores and registries. Blobs move concurrently, and only those that the target lacks. The name is set last, when all content is in place and
/// verified. An interrupted transfer can be repeated and then continues.
/// </summary>
/// <param name="options">The options; null for the defaults.</param>
internal sealed class ImageTransfer(TransferOptions? options = null)
{
    private readonly TransferOptions _options = options ?? new();

    /// <summary>Pulls an image into a store.</summary>
    /// <param name="source">The repository of the image.</param>
    /// <param name="reference">A tag, or a digest <c>sha256:…</c>, in it.</param>
    /// <param name="store">The store.</param>
    /// <param name="name">The name in the store; an image that had it before loses it. A digest in it must be the image's.</param>
    /// <param name="cancellationToken">Cancels the transfer; the store then has no new name.</param>
    /// <exception cref="RegistryException">The source fails or returns wrong content.</exception>
    /// <exception cref="StoreException">The store cannot hold the image.</exception>
    public async Task<TransferResult> PullAsync(
        IReadOnlyRepository source, string reference, ImageStore store, ImageReference name, CancellationToken cancellationToken = default)
    {
        PullOutcome outcome = (await PullAsync([new PullRequest(source, reference, name)], store, cancellationToken).ConfigureAwait(false))[0];
        if (outcome.Fault is { } fault)
        {
            ExceptionDispatchInfo.Throw(fault);
        }

        return outcome.Result!;
    }

    /// <summary>Pulls several images into a store and names them in one change of its index. If one fails, the others are still pulled.</summary>
    /// <param name="requests">The images; if two have the same name, the last one gets it.</param>
    /// <param name="store">The store.</param>
    /// <param name="cancellationToken">Cancels the transfer; the store then has no new names.</param>
    /// <returns>The outcome of each request, in the same order.</returns>
    /// <exception cref="StoreException">The store cannot hold the images.</exception>
    public async Task<IReadOnlyList<PullOutcome>> PullAsync(IReadOnlyList<PullRequest> requests, ImageStore store, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentNullException.ThrowIfNull(store);
        store.RefuseIfReadOnly();
        return await new Pull(store, _options).RunAsync(requests, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Pushes an image of a store to a registry.</summary>
    /// <param name="store">The store.</param>
    /// <param name="image">An image of the store.</param>
    /// <param name="target">The repository.</param>
    /// <param name="tag">The tag; null for the digest alone.</param>
    /// <param name="cancellationToken">Cancels the transfer; the registry then has no new tag.</param>
    /// <exception cref="RegistryException">The registry fails or rejects the image.</exception>
    /// <exception cref="StoreException">The image is damaged, or not whole.</exception>
    public async Task<TransferResult> PushAsync(ImageStore store, Image image, IRepository target, string? tag, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(image);
        IReadOnlyRepository source = store.Repository(image.Repository);
        IEnumerable<string> names = [image.Repository, .. store.Namesakes(image.Digest)];
        return await new Push(source, target, Mounts(names, target), _options).RunAsync(image.Digest, tag, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Copies an image from one repository to another without writing files. Within one registry blobs are mounted.</summary>
    /// <param name="source">The repository of the image.</param>
    /// <param name="reference">A tag, or a digest <c>sha256:…</c>, in it.</param>
    /// <param name="target">The other repository.</param>
    /// <param name="tag">The tag; null for the digest alone.</param>
    /// <param name="cancellationToken">Cancels the transfer; the target then has no new tag.</param>
    /// <exception cref="RegistryException">A registry fails, or the target rejects the image.</exception>
    public Task<TransferResult> CopyAsync(
        IReadOnlyRepository source, string reference, IRepository target, string? tag, CancellationToken cancellationToken = default) =>
        new Push(source, target, Mounts([source.Name], target), _options).RunAsync(reference, tag, cancellationToken);

    /// <summary>Returns the repositories that are in the target's registry, without the registry and without the target.</summary>
    private static string[] Mounts(IEnumerable<string> names, IRepository target)
    {
        string registry = target.Name[..(target.Name.IndexOf('/') + 1)];
        return [.. names.Distinct().Where(n => registry.Length > 0 && n != target.Name && n.StartsWith(registry, StringComparison.Ordinal)).Select(n => n[registry.Length..])];
    }
}

/// <summary>Options of a transfer.</summary>
public sealed record TransferOptions
{
    /// <summary>
    /// The platform whose manifest is taken from an index; null for the whole index. An image for another platform is rejected with
    /// <see cref="RegistryFault.NoPlatform"/>; an image without a platform is accepted.
    /// </summary>
    public Platform? Platform { get; init; }

    /// <summary>The number of blobs that move at the same time; 1 or more.</summary>
    public int Concurrency { get; init; } = 4;

    /// <summary>Counts blobs and bytes while the transfer runs; null for none.</summary>
    public TransferProgress? Progress { get; init; }

    /// <summary>
    /// Decides whether the image may be transferred. Called once per transfer, with the descriptor that the reference resolves to and its repository, before anything is
    /// named. An exception ends the transfer.
    /// </summary>
    public Func<Descriptor, IReadOnlyRepository, CancellationToken, Task>? BeforeCommit { get; init; }

    /// <summary>Whether the image's signatures are transferred too: the tag <c>sha256-….sig</c>, and referrers.</summary>
    public bool Signatures { get; init; } = true;

    /// <summary>
    /// Whether all other referrers are transferred too, such as attestations and bills of materials: the tags <c>sha256-….att</c> and
    /// <c>sha256-….sbom</c>, and manifests whose subject is the image. Their own referrers are not. Requires <see cref="Signatures"/>.
    /// </summary>
    public bool Referrers { get; init; }

    /// <summary>Receives notes for the user; called on any thread.</summary>
    public Action<RegistryNote>? Note { get; init; }
}

/// <summary>The progress of a transfer. Thread-safe. The totals grow while manifests are read.</summary>
public sealed class TransferProgress
{
    private long _totalBytes;
    private long _doneBytes;
    private int _totalBlobs;
    private int _doneBlobs;

    /// <summary>The total bytes of all blobs found so far, including those that the target has already.</summary>
    public long TotalBytes => Interlocked.Read(ref _totalBytes);

    /// <summary>The bytes transferred so far. Decreases when part of a blob is sent again.</summary>
    public long DoneBytes => Interlocked.Read(ref _doneBytes);

    /// <summary>The number of blobs found so far.</summary>
    public int TotalBlobs => Volatile.Read(ref _totalBlobs);

    /// <summary>The number of blobs transferred so far.</summary>
    public int DoneBlobs => Volatile.Read(ref _doneBlobs);

    internal void Expect(long bytes)
    {
        Interlocked.Increment(ref _totalBlobs);
        Interlocked.Add(ref _totalBytes, bytes);
    }

    internal void Move(long bytes) => Interlocked.Add(ref _doneBytes, bytes);

    internal void Finish() => Interlocked.Increment(ref _doneBlobs);
}

/// <summary>The result of a transfer.</summary>
/// <param name="Descriptor">The manifest or index that now has the name.</param>
/// <param name="BlobsSent">Blobs that were moved.</param>
/// <param name="BlobsPresent">Blobs that the target had already.</param>
/// <param name="BlobsMounted">Blobs that the registry mounted from another of its repositories.</param>
/// <param name="Bytes">Bytes of the blobs that were moved.</param>
public sealed record TransferResult(Descriptor Descriptor, int BlobsSent, int BlobsPresent, int BlobsMounted, long Bytes)
{
    /// <summary>The image in the store, under its name, even if another process has moved the name since. Null for a push or a copy.</summary>
    public Image? Image { get; init; }
}

/// <summary>Counts the blobs of a transfer. Thread-safe.</summary>
internal sealed class Tally(TransferProgress? progress)
{
    private int _sent;
    private int _present;
    private int _mounted;
    private long _bytes;

    /// <summary>Adds blobs to the totals.</summary>
    public void Expect(IEnumerable<Descriptor> blobs)
    {
        foreach (Descriptor blob in blobs)
        {
            progress?.Expect(blob.Size);
        }
    }

    /// <summary>Adds bytes of a blob that is being transferred.</summary>
    public void Moved(long bytes) => progress?.Move(bytes);

    public void Sent(Descriptor blob)
    {
        Interlocked.Increment(ref _sent);
        Interlocked.Add(ref _bytes, blob.Size);
        progress?.Finish();
    }

    public void Present(Descriptor blob)
    {
        Interlocked.Increment(ref _present);
        Done(blob);
    }

    public void Mounted(Descriptor blob)
    {
        Interlocked.Increment(ref _mounted);
        Done(blob);
    }

    public TransferResult Result(Descriptor image) => new(image, _sent, _present, _mounted, _bytes);

    private void Done(Descriptor blob)
    {
        progress?.Move(blob.Size);
        progress?.Finish();
    }
}

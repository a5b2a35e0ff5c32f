using System.Runtime.ExceptionServices;
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
internal sealed class ImageTransfer(TransferOptions? options = null)
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
        PullOutcome outcome = (await PullAsync([new PullRequest(source, reference, name)], store, cancellationToken).ConfigureAwait(false))[0];
        if (outcome.Fault is { } fault)
        {
            ExceptionDispatchInfo.Throw(fault);
        }

        return outcome.Result!;
    }

    /// <summary>Brings images into a store, and names them in one change of its index: the time for many is that of their blobs. One that fails leaves the others alone.</summary>
    /// <param name="requests">The images; of two with one name the last has it.</param>
    /// <param name="store">Where they go.</param>
    /// <param name="cancellationToken">Ends the transfer; nothing is named then.</param>
    /// <returns>What became of each, in the same order.</returns>
    /// <exception cref="StoreException">The store cannot take them.</exception>
    public async Task<IReadOnlyList<PullOutcome>> PullAsync(IReadOnlyList<PullRequest> requests, ImageStore store, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentNullException.ThrowIfNull(store);
        store.RefuseIfReadOnly();
        return await new Pull(store, _options).RunAsync(requests, cancellationToken).ConfigureAwait(false);
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

/// <summary>How far a transfer is. Counted up by the threads that move blobs and read by any other; the totals grow while manifests are read.</summary>
public sealed class TransferProgress
{
    private long _totalBytes;
    private long _doneBytes;
    private int _totalBlobs;
    private int _doneBlobs;

    /// <summary>Bytes of all blobs that are known so far, those that need not go too.</summary>
    public long TotalBytes => Interlocked.Read(ref _totalBytes);

    /// <summary>Bytes that are where they should be. Goes back where something has to be sent again.</summary>
    public long DoneBytes => Interlocked.Read(ref _doneBytes);

    /// <summary>All blobs that are known so far.</summary>
    public int TotalBlobs => Volatile.Read(ref _totalBlobs);

    /// <summary>Blobs that are where they should be.</summary>
    public int DoneBlobs => Volatile.Read(ref _doneBlobs);

    internal void Expect(long bytes)
    {
        Interlocked.Increment(ref _totalBlobs);
        Interlocked.Add(ref _totalBytes, bytes);
    }

    internal void Move(long bytes) => Interlocked.Add(ref _doneBytes, bytes);

    internal void Finish() => Interlocked.Increment(ref _doneBlobs);
}

/// <summary>What a transfer did.</summary>
/// <param name="Descriptor">The manifest or index that now has the name.</param>
/// <param name="BlobsSent">Blobs that were moved.</param>
/// <param name="BlobsPresent">Blobs that were there already.</param>
/// <param name="BlobsMounted">Blobs that the registry took over from another of its repositories.</param>
/// <param name="Bytes">Bytes of the blobs that were moved.</param>
public sealed record TransferResult(Descriptor Descriptor, int BlobsSent, int BlobsPresent, int BlobsMounted, long Bytes)
{
    /// <summary>The image as it is in the store, under the name that it got: what was decided over and stored, whatever has that name by now. Null where it went to a registry.</summary>
    public Image? Image { get; init; }
}

/// <summary>Counts what a transfer does, from the threads that do it.</summary>
internal sealed class Tally(TransferProgress? progress)
{
    private int _sent;
    private int _present;
    private int _mounted;
    private long _bytes;

    /// <summary>These blobs will go.</summary>
    public void Expect(IEnumerable<Descriptor> blobs)
    {
        foreach (Descriptor blob in blobs)
        {
            progress?.Expect(blob.Size);
        }
    }

    /// <summary>So many bytes more of a blob on its way have come.</summary>
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

using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;

namespace Bee.Oci.Transfer;

/// <summary>What a transfer has to move: read once, and by digest from there on, so that a tag that moves meanwhile does not matter.</summary>
/// <param name="Resolved">What the reference stands for.</param>
/// <param name="Image">The part of it that goes: the manifest of the platform, or the same.</param>
/// <param name="Tree">All that the image refers to.</param>
internal sealed record TransferPlan(Content Resolved, Content Image, ImageTree Tree)
{
    /// <summary>Reads what there is.</summary>
    /// <exception cref="RegistryException">It is not there, is no image, or not for the platform.</exception>
    public static async Task<TransferPlan> ReadAsync(
        IReadOnlyRepository source, string reference, TransferOptions options, CancellationToken cancellationToken)
    {
        Content resolved = await source.FetchManifestAsync(reference, cancellationToken).ConfigureAwait(false);
        if (options.BeforeCommit is { } check)
        {
            await check(resolved.Descriptor, source, cancellationToken).ConfigureAwait(false);
        }

        Content image = options.Platform is { } platform
            ? await PlatformPart.TakeAsync(source, resolved, platform, cancellationToken).ConfigureAwait(false)
            : resolved;
        return new TransferPlan(resolved, image, await ImageTree.ReadAsync(source, image, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>What goes with the image and with each manifest in it: signatures, and what else is asked for.</summary>
    public async Task<IReadOnlyList<Attachment>> AttachmentsAsync(
        IReadOnlyRepository source, TransferOptions options, CancellationToken cancellationToken)
    {
        if (!options.Signatures)
        {
            return [];
        }

        var attachments = new Attachments(source, options.Referrers, options.Note);
        var found = new List<Attachment>();
        foreach (Content[] some in Tree.Manifests.Chunk(options.Concurrency))
        {
            foreach (IReadOnlyList<Attachment> list in await Task.WhenAll(
                some.Select(m => attachments.OfAsync(m.Descriptor.Digest, cancellationToken))).ConfigureAwait(false))
            {
                found.AddRange(list);
            }
        }

        return found;
    }

    /// <summary>Does something for each blob, several at once and the largest first.</summary>
    public static Task ForEachAsync(
        IEnumerable<Descriptor> blobs, TransferOptions options, Func<Descriptor, CancellationToken, Task> work, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            blobs.OrderByDescending(b => b.Size),
            new ParallelOptions { MaxDegreeOfParallelism = options.Concurrency, CancellationToken = cancellationToken },
            async (blob, token) => await work(blob, token).ConfigureAwait(false));
}

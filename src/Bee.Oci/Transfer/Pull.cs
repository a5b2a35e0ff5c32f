using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Store;

namespace Bee.Oci.Transfer;

/// <summary>One image on its way into a store.</summary>
internal sealed class Pull(IReadOnlyRepository source, ImageStore store, TransferOptions options)
{
    private readonly Tally _tally = new(options.Progress);

    public async Task<TransferResult> RunAsync(string reference, ImageReference name, CancellationToken cancellationToken)
    {
        TransferPlan plan = await TransferPlan.ReadAsync(source, reference, options, cancellationToken).ConfigureAwait(false);
        string whole = Name(name, plan);
        using var staging = Staging.Open(store.Path, cancellationToken);
        staging.RequireRoom(plan.Tree.Blobs);
        IReadOnlyList<Attachment> attachments = await BringImageAsync(staging, plan, cancellationToken).ConfigureAwait(false);
        Descriptor[] more = [.. attachments.SelectMany(a => a.Blobs).DistinctBy(b => b.Digest).ExceptBy(plan.Tree.Blobs.Select(b => b.Digest), b => b.Digest)];
        staging.RequireRoom(more);
        await BringAsync(staging, more, cancellationToken).ConfigureAwait(false);

        List<Content> manifests = [.. attachments.Select(a => a.Manifest), .. plan.Tree.Manifests];
        List<(string Tag, Descriptor Manifest)> tags = [.. attachments.Where(a => a.Tag is not null).Select(a => (a.Tag!, a.Manifest.Descriptor))];
        foreach (IGrouping<string, Attachment> subject in attachments.GroupBy(a => a.Subject))
        {
            if (Attachments.ReferrersIndex(subject) is { } index)
            {
                manifests.Add(index);
                tags.Add((DigestTag.Referrers(subject.Key), index.Descriptor));
            }
        }

        // Annotations of an index's entry are the index's, and stay in it.
        Descriptor image = plan.Image.Descriptor with { Annotations = new Dictionary<string, string>() };
        var staged = new StagedImage(whole, image, [.. manifests.Select(m => m.Bytes)], [.. plan.Tree.Blobs, .. more], tags);
        Image stored = await store.Writer.NameAsync(staging, staged, missing => BringAsync(staging, missing, cancellationToken), cancellationToken).ConfigureAwait(false);
        return _tally.Result(image) with { Image = stored };
    }

    /// <summary>Brings the blobs, and looks for what goes with the image meanwhile.</summary>
    private async Task<IReadOnlyList<Attachment>> BringImageAsync(Staging staging, TransferPlan plan, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<IReadOnlyList<Attachment>> finding = plan.AttachmentsAsync(source, options, ended.Token);
        try
        {
            await BringAsync(staging, plan.Tree.Blobs, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // Nothing is left at work behind whoever waits.
            await ended.CancelAsync().ConfigureAwait(false);
            await Task.WhenAny(finding).ConfigureAwait(false);
            throw;
        }

        return await finding.ConfigureAwait(false);
    }

    /// <summary>The name that is asked for; a digest in it is what was resolved, and in the store's name it is what is stored.</summary>
    private static string Name(ImageReference name, TransferPlan plan)
    {
        string digest = plan.Image.Descriptor.Digest;
        _ = ImageStore.NameFor(name, plan.Resolved.Descriptor.Digest);
        return ImageStore.NameFor(new ImageReference(name.Registry, name.Repository, name.Tag, name.Digest is null ? null : digest), digest);
    }

    private Task BringAsync(Staging staging, IReadOnlyCollection<Descriptor> blobs, CancellationToken cancellationToken)
    {
        _tally.Expect(blobs);
        return TransferPlan.ForEachAsync(blobs, options, (blob, token) => BringAsync(staging, blob, token), cancellationToken);
    }

    private async Task BringAsync(Staging staging, Descriptor blob, CancellationToken cancellationToken)
    {
        if (staging.Has(blob))
        {
            _tally.Present(blob);
            return;
        }

        using Stream content = await source.FetchAsync(blob, cancellationToken).ConfigureAwait(false);
        try
        {
            await staging.AddAsync(blob, content, _tally.Moved, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException e) when (e.Fault == StoreFault.DigestMismatch)
        {
            throw new RegistryException(RegistryFault.DigestMismatch, e.Message, e);
        }

        _tally.Sent(blob);
    }
}

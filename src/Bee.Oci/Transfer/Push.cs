using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Oci.Store;

namespace Bee.Oci.Transfer;

/// <summary>Pushes one image to a registry, from a store or another repository.</summary>
/// <param name="source">The repository of the image.</param>
/// <param name="target">The repository to push to.</param>
/// <param name="mounts">Repositories of the target's registry, without its host, from which blobs may be mounted.</param>
/// <param name="options">The options.</param>
internal sealed class Push(IReadOnlyRepository source, IRepository target, IReadOnlyList<string> mounts, TransferOptions options)
{
    private readonly Tally _tally = new(options.Progress);

    // Repositories from which a mount failed, and not one succeeded: not tried again for each blob.
    private readonly HashSet<string> _barren = [];
    private readonly HashSet<string> _fruitful = [];

    public async Task<TransferResult> RunAsync(string reference, string? tag, CancellationToken cancellationToken)
    {
        TransferPlan plan = await TransferPlan.ReadAsync(source, reference, options, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Attachment> attachments = await plan.AttachmentsAsync(source, options, cancellationToken).ConfigureAwait(false);
        await BringAsync([.. plan.Tree.Blobs, .. attachments.SelectMany(a => a.Blobs)], cancellationToken).ConfigureAwait(false);
        Descriptor image = plan.Image.Descriptor;
        foreach (Content manifest in plan.Tree.Manifests)
        {
            // With signatures the image gets its tag last, so that clients that see the tag find them.
            bool isLast = manifest.Descriptor.Digest == image.Digest && attachments.Count == 0;
            await BringAsync(manifest, isLast ? tag : null, cancellationToken).ConfigureAwait(false);
        }

        if (attachments.Count > 0)
        {
            await new AttachmentPush(target).RunAsync(attachments, cancellationToken).ConfigureAwait(false);
            if (tag is not null)
            {
                await BringAsync(plan.Image, tag, cancellationToken).ConfigureAwait(false);
            }
        }

        return _tally.Result(image);
    }

    private async Task BringAsync(Content manifest, string? tag, CancellationToken cancellationToken)
    {
        // A registry may reject a second push of a tag, even with the same manifest.
        bool isThere = tag is null
            ? await target.ExistsAsync(manifest.Descriptor, cancellationToken).ConfigureAwait(false)
            : (await target.ResolveAsync(tag, cancellationToken).ConfigureAwait(false))?.Digest == manifest.Descriptor.Digest;
        if (!isThere)
        {
            await target.PushManifestAsync(manifest, tag, cancellationToken).ConfigureAwait(false);
        }
    }

    private Task BringAsync(IEnumerable<Descriptor> blobs, CancellationToken cancellationToken)
    {
        Descriptor[] all = [.. blobs.DistinctBy(b => b.Digest)];
        _tally.Expect(all);
        return TransferPlan.ForEachAsync(all, options, BringAsync, cancellationToken);
    }

    private async Task BringAsync(Descriptor blob, CancellationToken cancellationToken)
    {
        if (await target.ExistsAsync(blob, cancellationToken).ConfigureAwait(false))
        {
            _tally.Present(blob);
        }
        else if (await MountAsync(blob, cancellationToken).ConfigureAwait(false))
        {
            _tally.Mounted(blob);
        }
        else
        {
            using var content = new BlobSource(source, blob);
            await target.PushAsync(blob, content.Open, new Difference(_tally), cancellationToken).ConfigureAwait(false);
            _tally.Sent(blob);
        }
    }

    private async Task<bool> MountAsync(Descriptor blob, CancellationToken cancellationToken)
    {
        foreach (string repository in mounts)
        {
            lock (_barren)
            {
                if (_barren.Contains(repository) && !_fruitful.Contains(repository))
                {
                    continue;
                }
            }

            bool isMounted = await target.MountAsync(blob, repository, cancellationToken).ConfigureAwait(false);
            lock (_barren)
            {
                (isMounted ? _fruitful : _barren).Add(repository);
            }

            if (isMounted)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Converts the position in one blob to the bytes added since the last report.</summary>
    private sealed class Difference(Tally tally) : IProgress<long>
    {
        private long _reported;

        public void Report(long value) => tally.Moved(value - Interlocked.Exchange(ref _reported, value));
    }
}

/// <summary>Pushes the manifests of signatures and other attachments, whose blobs are pushed already. Existing attachments of the image stay.</summary>
internal sealed class AttachmentPush(IRepository target)
{
    public async Task RunAsync(IEnumerable<Attachment> attachments, CancellationToken cancellationToken)
    {
        foreach (IGrouping<Digest, Attachment> subject in attachments.GroupBy(a => a.Subject))
        {
            HashSet<Digest>? known = null;
            foreach (Attachment attachment in subject)
            {
                if (attachment.Tag is { } tag)
                {
                    await TagAsync(attachment, tag, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                // Checks the list of referrers, not the manifest: without the referrers API a manifest may exist that the index does not list yet.
                known ??= await ReferrersAsync(subject.Key, cancellationToken).ConfigureAwait(false);
                if (!known.Contains(attachment.Manifest.Descriptor.Digest))
                {
                    await target.PushManifestAsync(attachment.Manifest, null, cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    private async Task<HashSet<Digest>> ReferrersAsync(Digest digest, CancellationToken cancellationToken)
    {
        var known = new HashSet<Digest>();
        await foreach (Descriptor referrer in target.ReferrersAsync(digest, cancellationToken).ConfigureAwait(false))
        {
            known.Add(referrer.Digest);
        }

        return known;
    }

    private async Task TagAsync(Attachment attachment, string tag, CancellationToken cancellationToken)
    {
        Content manifest = attachment.Manifest;
        if (await target.ResolveAsync(tag, cancellationToken).ConfigureAwait(false) is not null)
        {
            Content old = await target.FetchManifestAsync(tag, cancellationToken).ConfigureAwait(false);
            byte[] joined = Joined(manifest, old);
            manifest = new Content(manifest.Descriptor with { Digest = Digest.Of(joined), Size = joined.Length }, joined);
            if (manifest.Descriptor.Digest == old.Descriptor.Digest)
            {
                return;
            }
        }

        await target.PushManifestAsync(manifest, tag, cancellationToken).ConfigureAwait(false);
    }

    private static byte[] Joined(Content manifest, Content old)
    {
        try
        {
            return SignatureUnion.Of(manifest.Descriptor, manifest.Bytes, old.Descriptor, old.Bytes);
        }
        catch (StoreException)
        {
            // The tag is not a signature, so there is nothing to merge.
            return manifest.Bytes;
        }
    }
}

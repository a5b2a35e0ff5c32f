using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Oci.Store;

namespace Bee.Oci.Transfer;

/// <summary>Hangs signatures and the like, whose blobs are there, onto an image in a registry; those that it has already stay.</summary>
internal sealed class AttachmentPush(IRepository target)
{
    public async Task RunAsync(IEnumerable<Attachment> attachments, CancellationToken cancellationToken)
    {
        foreach (IGrouping<string, Attachment> subject in attachments.GroupBy(a => a.Subject))
        {
            HashSet<string>? known = null;
            foreach (Attachment attachment in subject)
            {
                if (attachment.Tag is { } tag)
                {
                    await TagAsync(attachment, tag, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                // By what refers, not by what exists: a registry without an API for referrers tells those in an index, which may not have come to it.
                known ??= await ReferrersAsync(subject.Key, cancellationToken).ConfigureAwait(false);
                if (!known.Contains(attachment.Manifest.Descriptor.Digest))
                {
                    await target.PushManifestAsync(attachment.Manifest, null, cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    private async Task<HashSet<string>> ReferrersAsync(string digest, CancellationToken cancellationToken)
    {
        var known = new HashSet<string>();
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
            manifest = new Content(manifest.Descriptor with { Digest = ContentDigest.Of(joined).ToString(), Size = joined.Length }, joined);
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
            // What has the tag is neither a signature nor the like.
            return manifest.Bytes;
        }
    }
}

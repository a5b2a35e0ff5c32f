using Bee.Oci.Json;
using Bee.Oci.Registry;

namespace Bee.Oci.Transfer;

/// <summary>A signature of a manifest: what the tag <c>sha256-….sig</c> stands for, or a manifest whose subject it is.</summary>
/// <param name="Subject">Digest of what is signed.</param>
/// <param name="Manifest">The signature's manifest.</param>
/// <param name="Blobs">Its config and layers.</param>
/// <param name="IsTagged">Whether it has the tag.</param>
internal sealed record SignatureArtifact(string Subject, Content Manifest, IReadOnlyList<Descriptor> Blobs, bool IsTagged);

/// <summary>Finds the signatures that go with an image.</summary>
/// <param name="source">Where it is.</param>
/// <param name="note">Is told what is left behind.</param>
internal sealed class SignatureArtifacts(IReadOnlyRepository source, Action<RegistryNote>? note)
{
    // Anybody who may push can make referrers; so many are looked at.
    private const int Most = 100;

    // Real ones have a few kilobytes. Their annotations go into the index of what refers to the image, which has to stay one that can be read.
    private const int LargestReferrer = StoreLimits.Manifest / Most * 3 / 4;

    // Those of all platforms are held in memory until the image has its name.
    private const int MostBytes = 16 << 20;

    private long _bytes;

    /// <summary>The signatures of one manifest.</summary>
    /// <exception cref="RegistryException">They cannot be had for a reason that may pass.</exception>
    public async Task<IReadOnlyList<SignatureArtifact>> OfAsync(string digest, CancellationToken cancellation)
    {
        var found = new List<SignatureArtifact>();
        await TryAsync(digest, async () =>
        {
            string tag = DigestTag.Signatures(digest);
            if (await source.ResolveAsync(tag, cancellation).ConfigureAwait(false) is not null)
            {
                Add(found, digest, await source.FetchManifestAsync(tag, cancellation).ConfigureAwait(false), isTagged: true);
            }
        }).ConfigureAwait(false);

        var referrers = new List<Descriptor>();
        await TryAsync(digest, async () =>
        {
            await foreach (Descriptor referrer in source.ReferrersAsync(digest, cancellation).ConfigureAwait(false))
            {
                if (referrers.Count == Most)
                {
                    note?.Invoke(new RegistryNote($"More than {Most} manifests refer to {digest} in {source.Name}; the rest is passed over.", IsWarning: true));
                    break;
                }

                referrers.Add(referrer);
            }
        }).ConfigureAwait(false);

        foreach (Descriptor referrer in referrers)
        {
            await TryAsync(digest, async () => Add(
                found, digest, await ImageTree.FetchAsync(source, ImageTree.Sound([DescriptorDocument.From(referrer)], referrer)[0], cancellation).ConfigureAwait(false), isTagged: false)).ConfigureAwait(false);
        }

        return found;
    }

    /// <summary>The index under the tag <c>sha256-…</c>, as it stands in a registry without an API for referrers; null where nothing refers.</summary>
    public static Content? ReferrersIndex(IEnumerable<SignatureArtifact> artifacts)
    {
        List<DescriptorDocument?> entries = [.. artifacts.Where(a => !a.IsTagged).Select(Entry)];
        if (entries.Count == 0)
        {
            return null;
        }

        byte[] bytes = OciJson.Write(new ManifestDocument { MediaType = MediaTypes.ImageIndex, Manifests = entries }, OciJson.Canonical.ManifestDocument);
        return new Content(new Descriptor(MediaTypes.ImageIndex, ContentDigest.Of(bytes).ToString(), bytes.Length), bytes);
    }

    private static DescriptorDocument? Entry(SignatureArtifact artifact)
    {
        ManifestDocument document = ImageTree.Parse(artifact.Manifest);
        Descriptor manifest = artifact.Manifest.Descriptor;
        return new DescriptorDocument
        {
            MediaType = manifest.MediaType,
            Digest = manifest.Digest,
            Size = manifest.Size,
            ArtifactType = document.ArtifactType ?? document.Config?.MediaType,
            Annotations = document.Annotations,
        };
    }

    private void Add(List<SignatureArtifact> found, string digest, Content manifest, bool isTagged)
    {
        ManifestDocument document = ImageTree.Parse(manifest);
        IReadOnlyList<Descriptor> blobs = ImageTree.Sound(document.Config is null ? document.Layers : [document.Config, .. document.Layers ?? []], manifest.Descriptor);
        bool isSignature = isTagged
            ? document.Manifests is null
            : document.Subject?.Digest == digest && IsSignature(document);
        if (isSignature && blobs.FirstOrDefault(b => b.Size > StoreLimits.Manifest) is { } large)
        {
            throw new RegistryException(RegistryFault.TooLarge, $"the signature {manifest.Descriptor.Digest} has a blob of {large.Size} bytes; {StoreLimits.Manifest} are the limit.");
        }

        if (isSignature && !isTagged && manifest.Bytes.Length > LargestReferrer)
        {
            throw new RegistryException(RegistryFault.TooLarge, $"the signature {manifest.Descriptor.Digest} has a manifest of {manifest.Bytes.Length} bytes; {LargestReferrer} are the limit.");
        }

        if (isSignature && Interlocked.Add(ref _bytes, manifest.Bytes.Length) > MostBytes)
        {
            throw new RegistryException(RegistryFault.TooLarge, $"the image has signatures of more than {MostBytes} bytes.");
        }

        if (isSignature)
        {
            found.Add(new SignatureArtifact(digest, manifest, blobs, isTagged));
        }
    }

    /// <summary>Whether it is a signature by what is in it: cosign's simple signing, Sigstore's bundle, Notary's. Bills of materials and the like stay where they are.</summary>
    public static bool IsSignature(ManifestDocument document) => (document.Layers ?? []).Select(l => l?.MediaType)
        .Append(document.ArtifactType)
        .Append(document.Config?.MediaType)
        .Any(t => t is not null && (t.Contains("simplesigning", StringComparison.Ordinal) || t.Contains("sigstore.bundle", StringComparison.Ordinal)
            || t.Contains("signature", StringComparison.Ordinal) || t.Contains("cosign.artifact.sig", StringComparison.Ordinal)));

    /// <summary>An image is not kept from its user by what is wrong with what someone else hung onto it; by a registry that fails it is.</summary>
    private async Task TryAsync(string digest, Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (RegistryException e) when (e.Fault is RegistryFault.NotFound or RegistryFault.Unsupported or RegistryFault.Denied or RegistryFault.Unauthorized)
        {
            note?.Invoke(new RegistryNote($"{source.Name} does not tell the signatures of {digest}: {e.Message}", IsWarning: false));
        }
        catch (RegistryException e) when (e.Fault is RegistryFault.BadAnswer or RegistryFault.TooLarge or RegistryFault.DigestMismatch or RegistryFault.BadName)
        {
            note?.Invoke(new RegistryNote($"A signature of {digest} in {source.Name} is passed over: {e.Message}", IsWarning: true));
        }
        catch (StoreException e)
        {
            note?.Invoke(new RegistryNote($"A signature of {digest} in the store is passed over: {e.Message}", IsWarning: true));
        }
    }
}

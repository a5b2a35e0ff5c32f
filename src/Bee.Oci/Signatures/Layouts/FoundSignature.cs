using System.Runtime.CompilerServices;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Posix;

namespace Bee.Oci.Signatures.Layouts;

/// <summary>A signature as it lies beside an image, before anything of it is believed; or what stands where one would be, with what is wrong with it.</summary>
internal sealed class FoundSignature
{
    private FoundSignature(SignatureLayout layout, string manifest) => (Layout, Manifest) = (layout, manifest);

    public SignatureLayout Layout { get; }

    /// <summary>Digest of the manifest that carries it; empty where that could not be read.</summary>
    public string Manifest { get; }

    /// <summary>Why it could not even be read; null where it could.</summary>
    public string? Problem { get; private init; }

    private byte[] Content { get; init; } = [];

    private string? Annotation { get; init; }

    /// <summary>All signatures of an image: its signature tag's first, then its referrers'.</summary>
    /// <exception cref="RegistryException">The registry could not be asked.</exception>
    /// <exception cref="StoreException">The store could not be read.</exception>
    public static async IAsyncEnumerable<FoundSignature> AllAsync(
        IReadOnlyRepository repository, string digest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        int count = 0;
        foreach (IAsyncEnumerable<FoundSignature> place in new[] { TaggedAsync(repository, digest, cancellationToken), ReferringAsync(repository, digest, cancellationToken) })
        {
            await foreach (FoundSignature found in place.ConfigureAwait(false))
            {
                if (count++ == SignatureMedia.Most)
                {
                    yield return Bad(found.Layout, "", $"there are more than {SignatureMedia.Most} signatures, and the others were not looked at");
                    yield break;
                }

                yield return found;
            }
        }
    }

    /// <summary>What was signed, the bytes that the signature is over, and the signature.</summary>
    /// <exception cref="UnusableSignatureException">It is none.</exception>
    public (byte[] Payload, byte[] Signed, byte[] Signature) Open()
    {
        if (Layout == SignatureLayout.Bundle)
        {
            return SigstoreBundle.Open(Content);
        }

        byte[] signature = new byte[Annotation?.Length ?? 0];
        return Annotation is not null && Convert.TryFromBase64String(Annotation, signature, out int length)
            ? (Content, Content, signature[..length])
            : throw new UnusableSignatureException($"its signature, the annotation {SignatureMedia.SignatureAnnotation}, is missing or no base64");
    }

    private static async IAsyncEnumerable<FoundSignature> TaggedAsync(
        IReadOnlyRepository repository, string digest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const SignatureLayout Layout = SignatureLayout.Tag;
        (Content? content, string? problem) = await SignatureReading.ManifestAsync(repository, DigestTag.Signatures(digest), cancellationToken).ConfigureAwait(false);
        if (problem is not null)
        {
            yield return Bad(Layout, "", problem);
        }
        else if (content is not null)
        {
            await foreach (FoundSignature found in LayersAsync(repository, content, Layout, null, cancellationToken).ConfigureAwait(false))
            {
                yield return found;
            }
        }
    }

    private static async IAsyncEnumerable<FoundSignature> ReferringAsync(
        IReadOnlyRepository repository, string digest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const SignatureLayout Layout = SignatureLayout.Referrer;
        (IReadOnlyList<Descriptor> referrers, string? fault) = await SignatureReading.ReferrersAsync(repository, digest, cancellationToken).ConfigureAwait(false);
        foreach (Descriptor referrer in referrers)
        {
            if (!MediaTypes.IsManifest(referrer.MediaType))
            {
                continue;
            }

            (Content? content, string? problem) = await SignatureReading.ManifestAsync(repository, referrer.Digest, cancellationToken).ConfigureAwait(false);
            if (content is null)
            {
                yield return Bad(Layout, TerminalText.Clean(referrer.Digest), problem ?? "its manifest is missing");
                continue;
            }

            await foreach (FoundSignature found in LayersAsync(repository, content, Layout, digest, cancellationToken).ConfigureAwait(false))
            {
                yield return found;
            }
        }

        if (fault is not null)
        {
            yield return Bad(Layout, "", fault);
        }
    }

    /// <summary>The signatures among a manifest's layers. What a manifest is, its layers say: the artifact type in an index is what anyone wrote there.</summary>
    private static async IAsyncEnumerable<FoundSignature> LayersAsync(
        IReadOnlyRepository repository, Content content, SignatureLayout layout, string? subject, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string digest = content.Descriptor.Digest;
        (ManifestDocument? manifest, string? problem) = SignatureReading.Parse(content);
        if (manifest is null)
        {
            yield return Bad(layout, digest, problem!);
            yield break;
        }

        foreach (DescriptorDocument? layer in manifest.Layers ?? [])
        {
            bool isBundle = layout == SignatureLayout.Referrer && layer?.MediaType?.StartsWith(SignatureMedia.AnyBundle, StringComparison.Ordinal) == true;
            if (layer is null || !(isBundle || layer.MediaType == SignatureMedia.SimpleSigning))
            {
                continue;
            }

            SignatureLayout kind = isBundle ? SignatureLayout.Bundle : layout;
            if (subject is not null && manifest.Subject?.Digest != subject)
            {
                yield return Bad(kind, digest, "its manifest refers to another image");
                continue;
            }

            (byte[]? bytes, problem) = await SignatureReading.BlobAsync(repository, layer.ToDescriptor(), cancellationToken).ConfigureAwait(false);
            yield return bytes is null
                ? Bad(kind, digest, problem!)
                : new FoundSignature(kind, digest) { Content = bytes, Annotation = layer.Annotations?.GetValueOrDefault(SignatureMedia.SignatureAnnotation) };
        }
    }

    private static FoundSignature Bad(SignatureLayout layout, string manifest, string problem) => new(layout, manifest) { Problem = problem };
}

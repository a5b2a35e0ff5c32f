using System.Runtime.CompilerServices;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Posix;

namespace Bee.Oci.Signatures.Layouts;

/// <summary>An unverified signature that was found beside an image, or the reason why it cannot be read.</summary>
internal sealed class FoundSignature
{
    private FoundSignature(SignatureLayout layout, Digest? manifest) => (Layout, Manifest) = (layout, manifest);

    public SignatureLayout Layout { get; }

    /// <summary>The digest of the signature's manifest; empty if the manifest cannot be read.</summary>
    public Digest? Manifest { get; }

    /// <summary>Why the signature cannot be read; null if it can.</summary>
    public string? Problem { get; private init; }

    private byte[] Content { get; init; } = [];

    private string? Annotation { get; init; }

    /// <summary>Returns all signatures of an image: first those under its signature tag, then those of its referrers.</summary>
    /// <exception cref="RegistryException">The registry cannot be reached or reports an error.</exception>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public static async IAsyncEnumerable<FoundSignature> AllAsync(
        IReadOnlyRepository repository, Digest digest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        int count = 0;
        foreach (IAsyncEnumerable<FoundSignature> place in new[] { TaggedAsync(repository, digest, cancellationToken), ReferringAsync(repository, digest, cancellationToken) })
        {
            await foreach (FoundSignature found in place.ConfigureAwait(false))
            {
                if (count++ == SignatureMedia.Most)
                {
                    yield return Bad(found.Layout, null, $"there are more than {SignatureMedia.Most} signatures; the others were skipped");
                    yield break;
                }

                yield return found;
            }
        }
    }

    /// <summary>Returns the payload, the signed bytes and the signature.</summary>
    /// <exception cref="UnusableSignatureException">The signature cannot be used.</exception>
    public (byte[] Payload, byte[] Signed, byte[] Signature) Open()
    {
        if (Layout == SignatureLayout.Bundle)
        {
            return SigstoreBundle.Open(Content);
        }

        byte[] signature = new byte[Annotation?.Length ?? 0];
        return Annotation is not null && Convert.TryFromBase64String(Annotation, signature, out int length)
            ? (Content, Content, signature[..length])
            : throw new UnusableSignatureException($"its signature, the annotation {SignatureMedia.SignatureAnnotation}, is missing or not base64");
    }

    private static async IAsyncEnumerable<FoundSignature> TaggedAsync(
        IReadOnlyRepository repository, Digest digest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const SignatureLayout Layout = SignatureLayout.Tag;
        (Content? content, string? problem) = await SignatureReading.ManifestAsync(repository, DigestTag.Signatures(digest), cancellationToken).ConfigureAwait(false);
        if (problem is not null)
        {
            yield return Bad(Layout, null, problem);
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
        IReadOnlyRepository repository, Digest digest, [EnumeratorCancellation] CancellationToken cancellationToken)
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
                yield return Bad(Layout, referrer.Digest, problem ?? "its manifest is missing");
                continue;
            }

            await foreach (FoundSignature found in LayersAsync(repository, content, Layout, digest, cancellationToken).ConfigureAwait(false))
            {
                yield return found;
            }
        }

        if (fault is not null)
        {
            yield return Bad(Layout, null, fault);
        }
    }

    /// <summary>Returns the signatures in a manifest's layers. The kind of the manifest follows from its layers, because the artifact type in an index is unverified.</summary>
    private static async IAsyncEnumerable<FoundSignature> LayersAsync(
        IReadOnlyRepository repository, Content content, SignatureLayout layout, Digest? subject, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Digest digest = content.Descriptor.Digest;
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
            if (subject is not null && manifest.Subject?.ParsedDigest != subject)
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

    private static FoundSignature Bad(SignatureLayout layout, Digest? manifest, string problem) => new(layout, manifest) { Problem = problem };
}

/// <summary>Reads the parts of signatures. A damaged part is reported as a sentence, so that other signatures are still checked. Failures of the
/// registry or the store throw, because the signatures are then unknown.</summary>
internal static class SignatureReading
{
    /// <summary>Reads a manifest; null if it does not exist.</summary>
    public static Task<(Content? Content, string? Problem)> ManifestAsync(IReadOnlyRepository repository, string reference, CancellationToken cancellationToken) =>
        TryAsync<Content?>(async () => await repository.ResolveAsync(reference, cancellationToken).ConfigureAwait(false) is { } found
            ? await repository.FetchManifestAsync(found.Digest, cancellationToken).ConfigureAwait(false)
            : null);

    /// <summary>Returns the referrers of an image that could be read.</summary>
    public static async Task<(IReadOnlyList<Descriptor> Referrers, string? Problem)> ReferrersAsync(
        IReadOnlyRepository repository, Digest digest, CancellationToken cancellationToken)
    {
        var referrers = new List<Descriptor>();
        (_, string? problem) = await TryAsync(async () =>
        {
            await foreach (Descriptor referrer in repository.ReferrersAsync(digest, cancellationToken).ConfigureAwait(false))
            {
                if (referrers.Count == SignatureMedia.Most)
                {
                    throw new UnusableSignatureException($"more than {SignatureMedia.Most} manifests refer to the image; the others were skipped");
                }

                referrers.Add(referrer);
            }

            return referrers;
        }).ConfigureAwait(false);
        return (referrers, problem);
    }

    /// <summary>Reads a whole payload or bundle.</summary>
    public static Task<(byte[]? Bytes, string? Problem)> BlobAsync(IReadOnlyRepository repository, Descriptor blob, CancellationToken cancellationToken) =>
        TryAsync<byte[]?>(async () =>
        {
            if (blob.Digest.IsEmpty)
            {
                throw new UnusableSignatureException("its layer has no sha256 digest");
            }

            if (blob.Size is < 0 or > SignatureMedia.LargestPayload)
            {
                throw new UnusableSignatureException($"it is larger than {SignatureMedia.LargestPayload} bytes");
            }

            Stream stream = await repository.FetchAsync(blob, cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                var bytes = new byte[blob.Size];
                int length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);

                // The read after the last byte makes the stream verify the digest. It is verified here again, because trust depends on it.
                return length == bytes.Length && await stream.ReadAsync(new byte[1], cancellationToken).ConfigureAwait(false) == 0 && Digest.Of(bytes) == blob.Digest
                    ? bytes
                    : throw new UnusableSignatureException("its content does not match its digest");
            }
        });

    /// <summary>Parses a manifest.</summary>
    public static (ManifestDocument? Manifest, string? Problem) Parse(Content content)
    {
        try
        {
            return (OciJson.Read(content.Bytes, OciJson.Canonical.ManifestDocument, StoreFault.DamagedManifest, "manifest"), null);
        }
        catch (StoreException e)
        {
            return (null, TerminalText.Clean(e.Message));
        }
    }

    private static async Task<(T? Value, string? Problem)> TryAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return (await read().ConfigureAwait(false), null);
        }
        catch (UnusableSignatureException e)
        {
            return (default, e.Message);
        }
        catch (RegistryException e) when (e.Fault is RegistryFault.NotFound or RegistryFault.BadAnswer or RegistryFault.DigestMismatch or RegistryFault.TooLarge)
        {
            return (default, e.Message);
        }
        catch (StoreException e) when (e.Fault is StoreFault.NotFound or StoreFault.MissingBlob or StoreFault.DigestMismatch or StoreFault.TooLarge
            or StoreFault.DamagedManifest or StoreFault.BadReference)
        {
            return (default, e.Message);
        }
    }
}

/// <summary>The claim that a signature makes.</summary>
/// <param name="Digests">The digests of images, <c>sha256:…</c>.</param>
/// <param name="Reference">The name of the image; null if the layout has none.</param>
internal sealed record Claim(IReadOnlyList<Digest> Digests, string? Reference)
{
    /// <summary>Checks that the claim is for an image.</summary>
    /// <param name="digest">The digest of the image.</param>
    /// <param name="asked">The name by which the image was requested.</param>
    /// <param name="signedAs">A repository that the claim may name instead; null for none.</param>
    /// <exception cref="UnusableSignatureException">The claim is for another image.</exception>
    public void Check(Digest digest, ImageReference asked, string? signedAs)
    {
        if (!Digests.Contains(digest))
        {
            string others = Digests.Count == 0 ? "no digest" : Digests.Count == 1 ? Digests[0].ToString() : $"{Digests[0]} and others";
            throw new UnusableSignatureException($"it is for another image: {others}");
        }

        if (Reference is null)
        {
            return;
        }

        if (!ImageReference.TryParse(Reference, out ImageReference? claimed)
            || (RepositoryPattern.Name(claimed) != RepositoryPattern.Name(asked) && !(signedAs is not null && RepositoryPattern.Name(claimed) == RepositoryPattern.Name(ImageReference.Parse(signedAs)))))
        {
            throw new UnusableSignatureException($"it is for '{TerminalText.Clean(Reference)}', not for '{asked.Name}'");
        }

        // Most signatures name only the repository. One that names a tag is not valid for another tag.
        if ((claimed.Tag is not null && asked.Tag is not null && claimed.Tag != asked.Tag) || (claimed.Digest is not null && claimed.Digest != digest))
        {
            throw new UnusableSignatureException($"it is for '{TerminalText.Clean(Reference)}', not for '{asked}'");
        }
    }
}

/// <summary>A signature is not valid, for the reason in the message. The verifier turns this into a finding, so it has no id and is not a <see cref="Bee.Posix.BeeException"/>.</summary>
internal sealed class UnusableSignatureException(string message) : Exception(message);

using System.Globalization;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Signatures.Keys;
using Bee.Oci.Signatures.Layouts;

namespace Bee.Oci.Signatures;

/// <summary>Signs images as cosign does with a key, without a transparency log.</summary>
/// <remarks>
/// The releases of cosign differ. With Ed25519, cosign 2 signs in the pure form and cosign 3.1 in the prehashed one; with P-384 and P-521, cosign 2 uses SHA-256 and cosign 3.1 the hash of
/// the curve. <see cref="SignatureVerifier"/> accepts all of them. This class writes what both releases verify.
/// </remarks>
internal static class ImageSigner
{
    private static readonly byte[] s_nothing = "{}"u8.ToArray();

    /// <summary>Signs an image and stores the signature beside it. Does nothing if the key has already signed the image in this layout and under this name.
    /// If two processes sign one image concurrently in <see cref="SignatureLayout.Tag"/>, one signature may be lost, as with cosign, because a tag is replaced as a whole.</summary>
    /// <param name="target">The repository of the image and the signature.</param>
    /// <param name="reference">The name of the image. Its registry and repository become part of the signature if the layout allows.</param>
    /// <param name="image">The manifest or index of the image.</param>
    /// <param name="key">The key.</param>
    /// <param name="layout">The layout of the signature. <c>cosign verify --key</c> of versions 2 and 3 finds <see cref="SignatureLayout.Tag"/> without
    /// further options.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The manifest of the signature.</returns>
    /// <exception cref="SignatureException">The signature's tag refers to something else (<see cref="SignatureFault.BadSignatureImage"/>).</exception>
    /// <exception cref="RegistryException">The registry rejected the signature.</exception>
    public static async Task<Descriptor> SignAsync(
        IRepository target, ImageReference reference, Descriptor image, SigningKey key, SignatureLayout layout = SignatureLayout.Tag, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(key);
        SignatureReport report = await new SignatureVerifier().VerifyAsync(target, reference, image.Digest, [key.PublicKey], cancellationToken).ConfigureAwait(false);
        if (report.Findings.FirstOrDefault(finding => finding.IsValid && finding.Layout == layout) is { } done
            && await target.ResolveAsync(done.Manifest.ToString()!, cancellationToken).ConfigureAwait(false) is { } signature)
        {
            return signature;
        }

        var subject = DescriptorDocument.From(new Descriptor(image.MediaType, image.Digest, image.Size));
        return layout switch
        {
            SignatureLayout.Bundle => await PushBundleAsync(target, subject, image.Digest, key, cancellationToken).ConfigureAwait(false),
            SignatureLayout.Referrer => await PushSimpleAsync(target, reference, image.Digest, key, subject, cancellationToken).ConfigureAwait(false),
            _ => await PushSimpleAsync(target, reference, image.Digest, key, null, cancellationToken).ConfigureAwait(false),
        };
    }

    /// <summary>Signs an image and the manifest of each of its platforms, as <c>cosign sign --recursive</c> does, so that a single platform
    /// can be verified too.</summary>
    /// <param name="target">The repository of the image and the signatures.</param>
    /// <param name="reference">The name of the image.</param>
    /// <param name="image">The manifest or index of the image.</param>
    /// <param name="key">The key.</param>
    /// <param name="layout">The layout of the signatures.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The manifest of the signature of the whole image.</returns>
    /// <exception cref="SignatureException">The signature's tag refers to something else (<see cref="SignatureFault.BadSignatureImage"/>).</exception>
    /// <exception cref="RegistryException">The registry rejected a signature.</exception>
    public static async Task<Descriptor> SignWholeAsync(
        IRepository target, ImageReference reference, Descriptor image, SigningKey key, SignatureLayout layout = SignatureLayout.Tag, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(image);
        if (MediaTypes.IsIndex(image.MediaType))
        {
            Content index = await target.FetchManifestAsync(image.Digest, cancellationToken).ConfigureAwait(false);
            foreach (DescriptorDocument part in (SignatureReading.Parse(index).Manifest?.Manifests ?? []).OfType<DescriptorDocument>().DistinctBy(part => part.Digest))
            {
                if (MediaTypes.IsManifest(part.MediaType))
                {
                    await SignAsync(target, reference, part.ToDescriptor(), key, layout, cancellationToken).ConfigureAwait(false);
                }
            }
        }

        return await SignAsync(target, reference, image, key, layout, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stores a layer with payload and signature: after those under the signature's tag, or in a manifest of its own that refers to the image.</summary>
    private static async Task<Descriptor> PushSimpleAsync(
        IRepository target, ImageReference reference, Digest digest, SigningKey key, DescriptorDocument? subject, CancellationToken cancellationToken)
    {
        string? tag = subject is null ? DigestTag.Signatures(digest) : null;
        List<DescriptorDocument?> layers = tag is null ? [] : await ExistingAsync(target, tag, cancellationToken).ConfigureAwait(false);

        byte[] payload = SimpleSigningPayload.Write(reference, digest);
        DescriptorDocument layer = await PushAsync(target, SignatureMedia.SimpleSigning, payload, cancellationToken).ConfigureAwait(false);
        layer.Annotations = new() { [SignatureMedia.SignatureAnnotation] = Convert.ToBase64String(key.Sign(payload)) };
        layers.Add(layer);

        var config = new SignatureConfig { Layers = { Digests = [.. layers.Select(each => each!.Digest!)] } };
        return await PushManifestAsync(
            target,
            new ManifestDocument
            {
                MediaType = MediaTypes.ImageManifest,
                ArtifactType = subject is null ? null : SignatureMedia.SignatureArtifact,
                Config = await PushAsync(
                    target,
                    subject is null ? SignatureMedia.ImageConfig : SignatureMedia.SignatureArtifact,
                    OciJson.Write(config, SignatureJson.Canonical.SignatureConfig),
                    cancellationToken).ConfigureAwait(false),
                Layers = layers,
                Subject = subject,
            },
            tag,
            cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Descriptor> PushBundleAsync(IRepository target, DescriptorDocument subject, Digest digest, SigningKey key, CancellationToken cancellationToken)
    {
        byte[] statement = Statement.Write(digest);
        var bundle = new SigstoreBundle
        {
            MediaType = SignatureMedia.Bundle,
            Material = new() { PublicKey = new() { Hint = Convert.ToBase64String(Convert.FromHexString(key.PublicKey.KeyId)) } },
            Envelope = new()
            {
                Payload = statement,
                PayloadType = SignatureMedia.Statement,
                Signatures = [new() { Signature = key.Sign(SigstoreBundle.PreAuthenticated(SignatureMedia.Statement, statement)) }],
            },
        };
        return await PushManifestAsync(
            target,
            new ManifestDocument
            {
                MediaType = MediaTypes.ImageManifest,
                ArtifactType = SignatureMedia.Bundle,
                Config = await PushAsync(target, SignatureMedia.Empty, s_nothing, cancellationToken).ConfigureAwait(false),
                Layers = [await PushAsync(target, SignatureMedia.Bundle, OciJson.Write(bundle, SignatureJson.Canonical.SigstoreBundle), cancellationToken).ConfigureAwait(false)],
                Subject = subject,
                Annotations = new()
                {
                    ["dev.sigstore.bundle.content"] = "dsse-envelope",
                    ["dev.sigstore.bundle.predicateType"] = SignatureMedia.SignPredicate,
                    [AnnotationKeys.Created] = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                },
            },
            null,
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Returns the layers under the signature's tag, which are signatures of other keys.</summary>
    private static async Task<List<DescriptorDocument?>> ExistingAsync(IRepository target, string tag, CancellationToken cancellationToken)
    {
        if (await target.ResolveAsync(tag, cancellationToken).ConfigureAwait(false) is not { } found)
        {
            return [];
        }

        Content content = await target.FetchManifestAsync(found.Digest, cancellationToken).ConfigureAwait(false);
        (ManifestDocument? manifest, string? problem) = SignatureReading.Parse(content);
        List<DescriptorDocument?> layers = manifest?.Layers ?? [];
        return MediaTypes.IsManifest(content.Descriptor.MediaType) && layers.Count < SignatureMedia.Most && layers.All(layer => layer?.MediaType == SignatureMedia.SimpleSigning && layer.Digest is not null)
            ? layers
            : throw new SignatureException(
                SignatureFault.BadSignatureImage,
                $"'{target.Name}:{tag}' must contain signatures, but contains something else{(problem is null ? "" : $" ({problem})")}. Delete that tag, or sign in another layout.");
    }

    private static async Task<DescriptorDocument> PushAsync(IRepository target, string mediaType, byte[] content, CancellationToken cancellationToken)
    {
        var blob = new Descriptor(mediaType, Digest.Of(content), content.Length);
        if (!await target.ExistsAsync(blob, cancellationToken).ConfigureAwait(false))
        {
            await target.PushAsync(blob, () => new MemoryStream(content, writable: false), null, cancellationToken).ConfigureAwait(false);
        }

        return DescriptorDocument.From(blob);
    }

    private static async Task<Descriptor> PushManifestAsync(IRepository target, ManifestDocument manifest, string? tag, CancellationToken cancellationToken)
    {
        byte[] bytes = OciJson.Write(manifest, OciJson.Canonical.ManifestDocument);
        var descriptor = new Descriptor(MediaTypes.ImageManifest, Digest.Of(bytes), bytes.Length) { ArtifactType = manifest.ArtifactType };
        await target.PushManifestAsync(new Content(descriptor, bytes), tag, cancellationToken).ConfigureAwait(false);
        return descriptor;
    }
}

using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Posix;

namespace Bee.Oci.Signatures.Layouts;

/// <summary>Reads the pieces of signatures. What is wrong with one piece is a sentence, so that the others are still looked at; what is wrong with the
/// registry or the store is thrown, since then nobody knows what there is.</summary>
internal static class SignatureReading
{
    /// <summary>A manifest; null where there is none.</summary>
    public static Task<(Content? Content, string? Problem)> ManifestAsync(IReadOnlyRepository repository, string reference, CancellationToken cancellationToken) =>
        TryAsync<Content?>(async () => await repository.ResolveAsync(reference, cancellationToken).ConfigureAwait(false) is { } found
            ? await repository.FetchManifestAsync(found.Digest, cancellationToken).ConfigureAwait(false)
            : null);

    /// <summary>What refers to an image: so much of it as could be read.</summary>
    public static async Task<(IReadOnlyList<Descriptor> Referrers, string? Problem)> ReferrersAsync(
        IReadOnlyRepository repository, string digest, CancellationToken cancellationToken)
    {
        var referrers = new List<Descriptor>();
        (_, string? problem) = await TryAsync(async () =>
        {
            await foreach (Descriptor referrer in repository.ReferrersAsync(digest, cancellationToken).ConfigureAwait(false))
            {
                if (referrers.Count == SignatureMedia.Most)
                {
                    throw new UnusableSignatureException($"more than {SignatureMedia.Most} manifests refer to the image, and the others were not looked at");
                }

                referrers.Add(referrer);
            }

            return referrers;
        }).ConfigureAwait(false);
        return (referrers, problem);
    }

    /// <summary>The whole of a payload or a bundle.</summary>
    public static Task<(byte[]? Bytes, string? Problem)> BlobAsync(IReadOnlyRepository repository, Descriptor blob, CancellationToken cancellationToken) =>
        TryAsync<byte[]?>(async () =>
        {
            if (!ContentDigest.TryParse(blob.Digest, out ContentDigest digest))
            {
                throw new UnusableSignatureException("its layer has no sha256 digest");
            }

            if (blob.Size is < 0 or > SignatureMedia.LargestPayload)
            {
                throw new UnusableSignatureException($"it is larger than {SignatureMedia.LargestPayload} bytes, which no signature is");
            }

            Stream stream = await repository.FetchAsync(blob, cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                var bytes = new byte[blob.Size];
                int length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);

                // The read behind the last byte is what makes the stream check its digest. It is checked here all the same: everything hangs on it.
                return length == bytes.Length && await stream.ReadAsync(new byte[1], cancellationToken).ConfigureAwait(false) == 0 && ContentDigest.Of(bytes) == digest
                    ? bytes
                    : throw new UnusableSignatureException("its content is not what its digest says");
            }
        });

    /// <summary>A manifest's parts.</summary>
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

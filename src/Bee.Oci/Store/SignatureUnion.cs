using Bee.Oci.Formats;

namespace Bee.Oci.Store;

/// <summary>
/// Two states of what stands under one signature's name, brought together so that neither loses a signature: layers of a <c>.sig</c> manifest,
/// entries of an index of referrers.
/// </summary>
internal static class SignatureUnion
{
    // Two signatures of one payload are two layers of one digest; this is what they differ in (cosign, SIGNATURE_SPEC.md).
    private const string SignatureAnnotation = "dev.cosignproject.cosign/signature";

    /// <summary>The newer document with what only the older has; the newer's own bytes where that is nothing.</summary>
    /// <exception cref="StoreException">One of them is no such document.</exception>
    public static byte[] Of(Descriptor newer, byte[] newerBytes, Descriptor older, byte[] olderBytes)
    {
        var document = ManifestDocument.Read(newerBytes, newer);
        var other = ManifestDocument.Read(olderBytes, older);
        if (MediaTypes.IsIndex(newer.MediaType) != MediaTypes.IsIndex(older.MediaType))
        {
            return newerBytes;
        }

        int before = Count(document);
        document.Manifests = Joined(document.Manifests, other.Manifests);
        document.Layers = Joined(document.Layers, other.Layers);
        return Count(document) == before ? newerBytes : OciJson.Write(document, OciJson.Canonical.ManifestDocument);
    }

    private static int Count(ManifestDocument document) => (document.Manifests?.Count ?? 0) + (document.Layers?.Count ?? 0);

    private static List<DescriptorDocument?>? Joined(List<DescriptorDocument?>? newer, List<DescriptorDocument?>? older)
    {
        if (older is null)
        {
            return newer;
        }

        var known = (newer ?? []).Select(Key).ToHashSet();
        return [.. newer ?? [], .. older.Where(d => d is not null && known.Add(Key(d)))];
    }

    private static (string?, string?) Key(DescriptorDocument? document) =>
        (document?.Digest, document?.Annotations?.GetValueOrDefault(SignatureAnnotation));
}

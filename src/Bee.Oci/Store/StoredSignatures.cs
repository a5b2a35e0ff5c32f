using Bee.Oci.Formats;

namespace Bee.Oci.Store;

/// <summary>
/// Finds signatures and other attachments of images in the index. The store keeps them under tags (<see cref="DigestTag"/>), as clients do in a registry
/// without the referrers API.
/// </summary>
internal static class SignatureNames
{
    /// <summary>True for an image, false for an attachment of an image.</summary>
    public static bool IsImage(DescriptorDocument entry) => DigestTag.Subject(entry.ReferenceName) is null;

    /// <summary>Returns the tags and entries of the signatures of manifests in a repository.</summary>
    public static IEnumerable<(string Tag, DescriptorDocument Entry)> Of(StoreIndex index, string repository, IReadOnlyCollection<Digest> digests)
    {
        foreach (DescriptorDocument entry in index.Entries)
        {
            if (DigestTag.Subject(entry.ReferenceName) is { } subject && digests.Contains(subject) && Repository(entry) == repository)
            {
                yield return (entry.ReferenceName![(repository.Length + 1)..], entry);
            }
        }
    }

    /// <summary>Returns the signatures whose manifest no image of their repository contains any more.</summary>
    public static List<DescriptorDocument> Orphans(StoreIndex index, LayoutFiles files)
    {
        List<DescriptorDocument> signatures = [.. index.Entries.Where(e => !IsImage(e))];
        if (signatures.Count == 0)
        {
            return [];
        }

        var signed = signatures.Select(Repository).ToHashSet();
        var alive = new HashSet<(string Repository, Digest? Digest)>();
        foreach (DescriptorDocument entry in index.Entries.Where(IsImage))
        {
            if (entry.ReferenceName is null || Repository(entry) is not { } repository || !signed.Contains(repository))
            {
                continue;
            }

            alive.Add((repository, entry.ParsedDigest));
            if (MediaTypes.IsIndex(entry.MediaType))
            {
                alive.UnionWith(new StoredPieces(files).Of(entry.ToDescriptor()).Select(d => (repository, (Digest?)d.Digest)));
            }
        }

        return signatures.FindAll(e => !alive.Contains((Repository(e), DigestTag.Subject(e.ReferenceName))));
    }

    private static string Repository(DescriptorDocument entry)
    {
        string name = entry.ReferenceName!;
        return ImageReference.TryParse(name, out ImageReference? parsed) ? parsed.Name : name;
    }
}

/// <summary>
/// Merges two versions of the manifest under a signature's tag, so that no signature is lost: the layers of a <c>.sig</c> manifest, or the entries of
/// an index of referrers.
/// </summary>
internal static class SignatureUnion
{
    // Two signatures of one payload are two layers with one digest, which differ in this annotation (cosign, SIGNATURE_SPEC.md).
    private const string SignatureAnnotation = "dev.cosignproject.cosign/signature";

    /// <summary>Returns the newer document with the entries that only the older one has; the newer bytes if there are none.</summary>
    /// <exception cref="StoreException">One of the documents is damaged.</exception>
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

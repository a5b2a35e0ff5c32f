using Bee.Oci.Formats;

namespace Bee.Oci.Store;

/// <summary>
/// What stands beside the images of a repository in the store under names of their own, as in a registry without an API for referrers: their
/// signatures, and whatever else is about them (<see cref="DigestTag"/>).
/// </summary>
internal static class SignatureNames
{
    /// <summary>Whether an entry is an image, and not something that belongs to one.</summary>
    public static bool IsImage(DescriptorDocument entry) => DigestTag.Subject(entry.ReferenceName) is null;

    /// <summary>The signatures of a repository's manifests, as tag and entry.</summary>
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

    /// <summary>The signatures whose manifest no image of their repository has any more.</summary>
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

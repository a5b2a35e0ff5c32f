using Bee.Oci.Json;

namespace Bee.Oci.Store;

/// <summary>
/// The names under which signatures stand beside the images of a repository, in a registry and in the store alike: the tag <c>sha256-….sig</c>
/// (cosign's SIGNATURE_SPEC.md), and the tag <c>sha256-…</c> with the index of what refers to a manifest (OCI Distribution Specification 1.1,
/// "Referrers Tag Schema").
/// </summary>
internal static class SignatureNames
{
    private const string Prefix = "sha256-";
    private const string Suffix = ".sig";

    /// <summary>The tag of the signatures of a manifest.</summary>
    public static string SignatureTag(string digest) => ReferrersTag(digest) + Suffix;

    /// <summary>The tag of the index of what refers to a manifest.</summary>
    public static string ReferrersTag(string digest) => Prefix + ContentDigest.Parse(digest).Hex;

    /// <summary>The manifest, <c>sha256:…</c>, whose signatures have this name or tag; null where it is the name of an image.</summary>
    public static string? Subject(string? name)
    {
        ReadOnlySpan<char> tag = name.AsSpan(name?.LastIndexOf(':') + 1 ?? 0);
        if (tag.EndsWith(Suffix))
        {
            tag = tag[..^Suffix.Length];
        }

        return tag.Length == Prefix.Length + ContentDigest.HexLength && tag.StartsWith(Prefix) && ContentDigest.IsHex(tag[Prefix.Length..])
            ? string.Concat(ContentDigest.Prefix, tag[Prefix.Length..])
            : null;
    }

    /// <summary>Whether an entry is an image, and not something that belongs to one.</summary>
    public static bool IsImage(DescriptorDocument entry) => Subject(entry.ReferenceName) is null;

    /// <summary>The signatures of a repository's manifests, as tag and entry.</summary>
    public static IEnumerable<(string Tag, DescriptorDocument Entry)> Of(StoreIndex index, string repository, IReadOnlyCollection<string> digests)
    {
        foreach (DescriptorDocument entry in index.Entries)
        {
            if (Subject(entry.ReferenceName) is { } subject && digests.Contains(subject) && Repository(entry) == repository)
            {
                yield return (entry.ReferenceName![(repository.Length + 1)..], entry);
            }
        }
    }

    /// <summary>The signatures whose manifest no image of their repository has any more.</summary>
    public static List<DescriptorDocument> Orphans(StoreIndex index, LayoutFiles files, string store)
    {
        List<DescriptorDocument> signatures = [.. index.Entries.Where(e => !IsImage(e))];
        if (signatures.Count == 0)
        {
            return [];
        }

        var signed = signatures.Select(Repository).ToHashSet();
        var alive = new HashSet<(string Repository, string? Digest)>();
        foreach (DescriptorDocument entry in index.Entries.Where(IsImage))
        {
            if (entry.ReferenceName is null || Repository(entry) is not { } repository || !signed.Contains(repository))
            {
                continue;
            }

            alive.Add((repository, entry.Digest));
            if (MediaTypes.IsIndex(entry.MediaType))
            {
                alive.UnionWith(new Closure(files, store).Of(entry.ToDescriptor()).Select(d => (repository, (string?)d.Digest)));
            }
        }

        return signatures.FindAll(e => !alive.Contains((Repository(e), Subject(e.ReferenceName))));
    }

    private static string Repository(DescriptorDocument entry)
    {
        string name = entry.ReferenceName!;
        return ImageReference.TryParse(name, out ImageReference? parsed) ? parsed.Name : name;
    }
}

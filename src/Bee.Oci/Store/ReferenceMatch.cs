using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Store;

/// <summary>Which index entries a person means: by whole reference, short name, digest or the beginning of one.</summary>
/// <param name="Entries">Entries of one image, sorted by name; none if nothing fits.</param>
/// <param name="ByDigest">Whether the image was meant, and not one of its names.</param>
internal sealed record ReferenceMatch(IReadOnlyList<DescriptorDocument> Entries, bool ByDigest)
{
    private const int ShortestPrefix = 4;

    /// <summary>Looks for what is meant.</summary>
    /// <exception cref="StoreException">Several images fit, or the reference is none.</exception>
    public static ReferenceMatch Find(IEnumerable<DescriptorDocument> entries, string wanted)
    {
        DescriptorDocument[] all = [.. entries.OrderBy(e => e.ReferenceName, StringComparer.Ordinal)];

        // What belongs to an image is found by its whole name alone.
        DescriptorDocument[] images = [.. all.Where(SignatureNames.IsImage)];

        // Before any name: whoever wrote the index can name an image as another one's digest.
        string? hex = wanted.StartsWith(ContentDigest.Prefix, StringComparison.Ordinal) ? wanted[ContentDigest.Prefix.Length..]
            : wanted.Length == ContentDigest.HexLength && ContentDigest.IsHex(wanted) ? wanted
            : null;
        if (hex is not null)
        {
            return IsDigestPrefix(hex)
                ? new(OneImage(WithDigest(images, hex), wanted), ByDigest: true)
                : throw new StoreException(
                    StoreFault.BadReference,
                    $"'{wanted}' is neither a digest nor the beginning of one: {ShortestPrefix} to {ContentDigest.HexLength} lower-case hexadecimal digits belong after '{ContentDigest.Prefix}'.");
        }

        // As it stands: other tools name images as they like. A digest in a name has to be the image's all the same.
        string? pinned = ImageReference.TryParse(wanted, out ImageReference? asked) ? asked.Digest : null;
        DescriptorDocument[] named = [.. all.Where(e => e.ReferenceName == wanted && (pinned is null || e.Digest == pinned))];
        if (named.Length > 0)
        {
            return new(named, ByDigest: false);
        }

        ImageReference reference = ImageReference.Parse(wanted).WithDefaultTag();
        bool byDigest = reference.Digest is not null;
        DescriptorDocument[] found = [.. images.Where(e => Fits(e, reference, shortName: false))];
        if (found.Length == 0 && reference.Registry is null)
        {
            found = [.. images.Where(e => Fits(e, reference, shortName: true))];
        }

        return found.Length == 0 && IsDigestPrefix(wanted)
            ? new(OneImage(WithDigest(images, wanted), wanted), ByDigest: true)
            : new(OneImage(found, wanted), byDigest);
    }

    private static bool Fits(DescriptorDocument entry, ImageReference wanted, bool shortName)
    {
        if (!ImageReference.TryParse(entry.ReferenceName, out ImageReference? name))
        {
            return false;
        }

        name = name.WithDefaultTag();
        bool sameRepository = shortName
            ? name.Name.EndsWith("/" + wanted.Repository, StringComparison.Ordinal)
            : name.Name == wanted.Name;
        return sameRepository && (wanted.Digest is null ? name.Tag == wanted.Tag && name.Digest is null : entry.Digest == wanted.Digest);
    }

    private static bool IsDigestPrefix(string hex) =>
        hex.Length is >= ShortestPrefix and <= ContentDigest.HexLength && ContentDigest.IsHex(hex);

    private static DescriptorDocument[] WithDigest(DescriptorDocument[] all, string hex) =>
        [.. all.Where(e => e.Digest?.StartsWith(ContentDigest.Prefix + hex, StringComparison.Ordinal) == true)];

    private static DescriptorDocument[] OneImage(DescriptorDocument[] found, string wanted)
    {
        string[] digests = [.. found.Select(e => e.Digest ?? "").Distinct()];
        return digests.Length <= 1
            ? found
            : throw new StoreException(
                StoreFault.Ambiguous,
                $"'{wanted}' fits {digests.Length} images: {string.Join(", ", found.Select(e => TerminalText.Clean(e.ReferenceName ?? e.Digest ?? "")).Distinct().Take(8))}. Say more of the name.");
    }
}

namespace Bee.Oci.Formats;

/// <summary>
/// Tags that are made of a manifest's digest, and under which stands what is about that manifest: <c>sha256-…</c> with the index of what refers to it
/// (OCI Distribution Specification 1.1, "Referrers Tag Schema"), <c>sha256-….sig</c> with its signatures (cosign's SIGNATURE_SPEC.md), and whatever else cosign
/// hangs on in that way (<c>.att</c>, <c>.sbom</c>). They are no images of their own.
/// </summary>
public static class DigestTag
{
    private const string Prefix = "sha256-";

    /// <summary>The tag of the signatures of a manifest.</summary>
    /// <param name="digest">The manifest's digest, <c>sha256:…</c>.</param>
    /// <exception cref="FormatException">It is no digest.</exception>
    public static string Signatures(string digest) => Referrers(digest) + ".sig";

    /// <summary>The tags of what else cosign hangs onto a manifest: attestations and bills of materials.</summary>
    /// <param name="digest">The manifest's digest, <c>sha256:…</c>.</param>
    /// <exception cref="FormatException">It is no digest.</exception>
    public static IReadOnlyList<string> Statements(string digest) => [Referrers(digest) + ".att", Referrers(digest) + ".sbom"];

    /// <summary>The tag of the index of what refers to a manifest.</summary>
    /// <param name="digest">The manifest's digest, <c>sha256:…</c>.</param>
    /// <exception cref="FormatException">It is no digest.</exception>
    public static string Referrers(string digest) => Prefix + ContentDigest.Parse(digest).Hex;

    /// <summary>The manifest that a tag is about.</summary>
    /// <param name="name">A tag, or a whole name with one.</param>
    /// <returns>Its digest, <c>sha256:…</c>; null where the name is an image's.</returns>
    public static string? Subject(string? name)
    {
        ReadOnlySpan<char> tag = name.AsSpan(name?.LastIndexOf(':') + 1 ?? 0);
        if (!tag.StartsWith(Prefix, StringComparison.Ordinal) || tag.Length < Prefix.Length + ContentDigest.HexLength)
        {
            return null;
        }

        ReadOnlySpan<char> hex = tag.Slice(Prefix.Length, ContentDigest.HexLength);
        ReadOnlySpan<char> kind = tag[(Prefix.Length + ContentDigest.HexLength)..];
        return ContentDigest.IsHex(hex) && (kind.Length == 0 || (kind[0] == '.' && kind.Length > 1))
            ? string.Concat(ContentDigest.Prefix, hex)
            : null;
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Bee.Oci.Formats;

/// <summary>
/// The name of a piece of content: <c>sha256:</c> and 64 lower-case hexadecimal digits. Nothing else is taken, since the digits
/// become a file name.
/// </summary>
public readonly record struct ContentDigest
{
    /// <summary>The part before the digits.</summary>
    public const string Prefix = "sha256:";

    /// <summary>How many digits follow <see cref="Prefix"/>.</summary>
    public const int HexLength = 64;

    private readonly string? _hex;

    private ContentDigest(string hex) => _hex = hex;

    /// <summary>The 64 digits alone. A <c>default</c> value has none.</summary>
    public string Hex => _hex ?? "";

    /// <summary>The digest of <paramref name="content"/>.</summary>
    public static ContentDigest Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        return OfHash(hash);
    }

    /// <summary>The digest of what a hash was taken of.</summary>
    internal static ContentDigest OfHash(ReadOnlySpan<byte> hash) => new(Convert.ToHexString(hash).ToLowerInvariant());

    /// <summary>Reads a digest.</summary>
    /// <exception cref="FormatException">The text is no <c>sha256:</c> digest.</exception>
    public static ContentDigest Parse(string text) =>
        TryParse(text, out ContentDigest digest)
            ? digest
            : throw new FormatException($"'{text}' is not a digest: expected {Prefix} and {HexLength} lower-case hexadecimal digits.");

    /// <summary>Reads a digest; false when the text is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ContentDigest digest)
    {
        digest = default;
        if (text is null || text.Length != Prefix.Length + HexLength || !text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        string hex = text[Prefix.Length..];
        if (!IsHex(hex))
        {
            return false;
        }

        digest = new ContentDigest(hex);
        return true;
    }

    /// <summary>The whole digest, <c>sha256:…</c>.</summary>
    public override string ToString() => Prefix + Hex;

    internal static bool IsHex(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (c is not ((>= '0' and <= '9') or (>= 'a' and <= 'f')))
            {
                return false;
            }
        }

        return true;
    }
}

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

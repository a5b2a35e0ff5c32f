using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Bee.Oci.Formats;

/// <summary>
/// The identifier of content: an algorithm and the hash in hexadecimal digits, <c>sha256:…</c> (OCI Image Specification 1.1, descriptor.md, "Digests"). The algorithm is SHA-256, which all registries
/// support; other algorithms are rejected.
/// </summary>
/// <remarks>A <c>default</c> value identifies nothing: <see cref="IsEmpty"/> is true, and its text is empty.</remarks>
public readonly struct Digest : IEquatable<Digest>, IComparable<Digest>
{
    internal const string Sha256 = "sha256";

    /// <summary>The algorithm and the colon behind it.</summary>
    internal const string Prefix = Sha256 + ":";

    /// <summary>The number of digits that follow <see cref="Prefix"/>.</summary>
    internal const int HexLength = 64;

    private readonly string? _hex;

    private Digest(string hex) => _hex = hex;

    /// <summary>The algorithm, <c>sha256</c>; empty for a <c>default</c> value.</summary>
    public string Algorithm => _hex is null ? "" : Sha256;

    /// <summary>The hash: 64 lower-case hexadecimal digits; empty for a <c>default</c> value.</summary>
    public string Hex => _hex ?? "";

    /// <summary>True for a <c>default</c> value.</summary>
    public bool IsEmpty => _hex is null;

    /// <summary>Computes the digest of <paramref name="content"/>.</summary>
    public static Digest Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        return OfHash(hash);
    }

    /// <summary>Computes the digest of a stream, from its position to its end.</summary>
    /// <param name="content">The stream; it stays open.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public static async Task<Digest> OfAsync(Stream content, CancellationToken cancellationToken = default) =>
        OfHash(await SHA256.HashDataAsync(content, cancellationToken).ConfigureAwait(false));

    /// <summary>Makes a digest of a SHA-256 hash.</summary>
    internal static Digest OfHash(ReadOnlySpan<byte> hash) => new(Convert.ToHexString(hash).ToLowerInvariant());

    /// <summary>Parses a digest.</summary>
    /// <exception cref="FormatException">The text is not <c>sha256:</c> and 64 lower-case hexadecimal digits.</exception>
    public static Digest Parse(string text) =>
        TryParse(text, out Digest digest)
            ? digest
            : throw new FormatException($"'{text}' is not a digest: expected {Prefix} and {HexLength} lower-case hexadecimal digits.");

    /// <summary>Parses a digest; returns false if the text is not <c>sha256:</c> and 64 lower-case hexadecimal digits.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        digest = default;
        if (text is null || text.Length != Prefix.Length + HexLength || !text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        // The store uses the digits as a file name, so nothing else may pass.
        string hex = text[Prefix.Length..];
        if (!IsHex(hex))
        {
            return false;
        }

        digest = new Digest(hex);
        return true;
    }

    /// <summary>Returns the text, so that a digest can be passed wherever a repository takes a tag or a digest.</summary>
    public static implicit operator string(Digest digest) => digest.ToString();

    /// <summary>Compares two digests.</summary>
    public static bool operator ==(Digest left, Digest right) => left.Equals(right);

    /// <summary>Compares two digests.</summary>
    public static bool operator !=(Digest left, Digest right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(Digest other) => string.Equals(_hex, other._hex, StringComparison.Ordinal);

    /// <summary>Orders digests by their text.</summary>
    public int CompareTo(Digest other) => string.CompareOrdinal(_hex, other._hex);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is Digest other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Hex.GetHashCode(StringComparison.Ordinal);

    /// <summary>Returns the text, <c>sha256:…</c>; empty for a <c>default</c> value.</summary>
    public override string ToString() => _hex is null ? "" : Prefix + _hex;

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
/// Tags that contain the digest of a manifest and hold what belongs to that manifest: <c>sha256-…</c>, the index of its referrers (OCI Distribution Specification 1.1, "Referrers Tag Schema");
/// <c>sha256-….sig</c>, its signatures (cosign's SIGNATURE_SPEC.md); <c>.att</c> and <c>.sbom</c>, cosign's attestations and bills of materials. They are not images.
/// </summary>
internal static class DigestTag
{
    private const string Prefix = "sha256-";

    /// <summary>Returns the tag of a manifest's signatures.</summary>
    public static string Signatures(Digest manifest) => Referrers(manifest) + ".sig";

    /// <summary>Returns the tags of a manifest's attestations and bills of materials.</summary>
    public static IReadOnlyList<string> Statements(Digest manifest) => [Referrers(manifest) + ".att", Referrers(manifest) + ".sbom"];

    /// <summary>Returns the tag of the index that lists a manifest's referrers.</summary>
    public static string Referrers(Digest manifest) => Prefix + manifest.Hex;

    /// <summary>Returns the digest of the manifest that a tag belongs to; null for the tag of an image.</summary>
    /// <param name="name">A tag, or a reference with one.</param>
    public static Digest? Subject(string? name)
    {
        ReadOnlySpan<char> tag = name.AsSpan(name?.LastIndexOf(':') + 1 ?? 0);
        if (!tag.StartsWith(Prefix, StringComparison.Ordinal) || tag.Length < Prefix.Length + Digest.HexLength)
        {
            return null;
        }

        ReadOnlySpan<char> hex = tag.Slice(Prefix.Length, Digest.HexLength);
        ReadOnlySpan<char> kind = tag[(Prefix.Length + Digest.HexLength)..];
        return (kind.Length == 0 || (kind[0] == '.' && kind.Length > 1)) && Digest.TryParse(string.Concat(Digest.Prefix, hex), out Digest digest) ? digest : null;
    }
}

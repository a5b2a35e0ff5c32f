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
            : throw new FormatException($"'{text}' is no digest: expected {Prefix} and {HexLength} lower-case hexadecimal digits.");

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

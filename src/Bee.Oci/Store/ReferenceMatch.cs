using System.Diagnostics.CodeAnalysis;
using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Store;

/// <summary>The index entries that a user's text matches: a whole reference, a short name, a digest or a prefix of one.</summary>
/// <param name="Entries">The entries of one image, sorted by name; empty if nothing matches.</param>
/// <param name="ByDigest">True if the text was a digest, so that it matches all names of the image.</param>
internal sealed record ReferenceMatch(IReadOnlyList<DescriptorDocument> Entries, bool ByDigest)
{
    private const int ShortestPrefix = 4;

    /// <summary>Finds the entries.</summary>
    /// <exception cref="StoreException">Several images match, or the reference is invalid.</exception>
    public static ReferenceMatch Find(IEnumerable<DescriptorDocument> entries, string wanted)
    {
        DescriptorDocument[] all = [.. entries.OrderBy(e => e.ReferenceName, StringComparer.Ordinal)];

        // Signatures and other attachments are found by their whole name only.
        DescriptorDocument[] images = [.. all.Where(SignatureNames.IsImage)];

        // Digests come before names: a hostile index may give an image the digest of another one as its name.
        string? hex = wanted.StartsWith(Digest.Prefix, StringComparison.Ordinal) ? wanted[Digest.Prefix.Length..]
            : wanted.Length == Digest.HexLength && Digest.IsHex(wanted) ? wanted
            : null;
        if (hex is not null)
        {
            return IsDigestPrefix(hex)
                ? new(OneImage(WithDigest(images, hex), wanted), ByDigest: true)
                : throw new StoreException(
                    StoreFault.BadReference,
                    $"'{wanted}' is neither a digest nor the beginning of one: {ShortestPrefix} to {Digest.HexLength} lower-case hexadecimal digits must follow '{Digest.Prefix}'.");
        }

        // The exact name first, because other tools may use names that are not references. A digest in a name must still be the image's.
        Digest? pinned = ImageReference.TryParse(wanted, out ImageReference? asked) ? asked.Digest : null;
        DescriptorDocument[] named = [.. all.Where(e => e.ReferenceName == wanted && (pinned is null || e.ParsedDigest == pinned))];
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

    /// <summary>Returns the entries of a repository by its whole name, otherwise by its short name; empty if the text is not a plain repository name.</summary>
    public static IReadOnlyList<DescriptorDocument> OfRepository(IEnumerable<DescriptorDocument> entries, string wanted)
    {
        bool isDigest = wanted.Length == Digest.HexLength && Digest.IsHex(wanted);
        if (isDigest || !ImageReference.TryParse(wanted, out ImageReference? reference) || reference.Tag is not null || reference.Digest is not null)
        {
            return [];
        }

        DescriptorDocument[] images = [.. entries.Where(SignatureNames.IsImage)];
        DescriptorDocument[] found = [.. images.Where(e => IsOf(e, reference, shortName: false, out _))];
        return found.Length > 0 || reference.Registry is not null ? found : [.. images.Where(e => IsOf(e, reference, shortName: true, out _))];
    }

    private static bool Fits(DescriptorDocument entry, ImageReference wanted, bool shortName) =>
        IsOf(entry, wanted, shortName, out ImageReference? name)
        && (wanted.Digest is null ? name.WithDefaultTag().Tag == wanted.Tag && name.Digest is null : entry.ParsedDigest == wanted.Digest);

    private static bool IsOf(DescriptorDocument entry, ImageReference wanted, bool shortName, [NotNullWhen(true)] out ImageReference? name) =>
        ImageReference.TryParse(entry.ReferenceName, out name)
        && (shortName ? name.Name.EndsWith("/" + wanted.Repository, StringComparison.Ordinal) : name.Name == wanted.Name);

    private static bool IsDigestPrefix(string hex) =>
        hex.Length is >= ShortestPrefix and <= Digest.HexLength && Digest.IsHex(hex);

    private static DescriptorDocument[] WithDigest(DescriptorDocument[] all, string hex) =>
        [.. all.Where(e => e.Digest?.StartsWith(Digest.Prefix + hex, StringComparison.Ordinal) == true)];

    private static DescriptorDocument[] OneImage(DescriptorDocument[] found, string wanted)
    {
        string[] digests = [.. found.Select(e => e.Digest ?? "").Distinct()];
        return digests.Length <= 1
            ? found
            : throw new StoreException(
                StoreFault.Ambiguous,
                $"'{wanted}' matches {digests.Length} images: {string.Join(", ", found.Select(e => TerminalText.Clean(e.ReferenceName ?? e.Digest ?? "")).Distinct().Take(8))}. Use a longer part of the name.");
    }
}

/// <summary>
/// A case-insensitive wildcard pattern (<c>*</c>, <c>?</c>, <c>[a-z]</c>) for the names of an image. An unclosed bracket is literal, a set
/// such as <c>[z-a]</c> is empty, and an IPv6 address in brackets at the beginning is a registry's host.
/// </summary>
/// <remarks>Does not use a regular expression: creating one takes longer than listing a store.</remarks>
internal sealed class ReferencePattern(string pattern)
{
    private readonly int _address = ImageReference.AddressLength(pattern);

    /// <summary>Matches the reference, with or without its tag, from its beginning or from any of its components on.</summary>
    public bool Fits(string reference)
    {
        string? repository = ImageReference.TryParse(reference, out ImageReference? parsed) ? parsed.Name : null;
        return AnyTail(reference) || (repository is not null && AnyTail(repository));
    }

    private bool AnyTail(string name)
    {
        for (int from = 0; ; from++)
        {
            if (Matches(name.AsSpan(from)))
            {
                return true;
            }

            from = name.IndexOf('/', from);
            if (from < 0)
            {
                return false;
            }
        }
    }

    private bool Matches(ReadOnlySpan<char> name)
    {
        int at = 0, star = -1, swallowed = 0;
        for (int i = 0; i < name.Length;)
        {
            if (at < pattern.Length && pattern[at] == '*')
            {
                (star, swallowed) = (at++, i);
            }
            else if (at < pattern.Length && Takes(at, name[i], out int next))
            {
                (at, i) = (next, i + 1);
            }
            else if (star >= 0)
            {
                // Backtracking to the last * suffices: it can match whatever earlier ones could.
                (at, i) = (star + 1, ++swallowed);
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(at).TrimStart('*').IsEmpty;
    }

    /// <summary>Matches a character against the pattern element at an index, which is not a <c>*</c>.</summary>
    private bool Takes(int at, char character, out int next)
    {
        int close = pattern[at] == '[' && at >= _address ? pattern.IndexOf(']', Math.Min(at + 2, pattern.Length)) : -1;
        next = close > 0 ? close + 1 : at + 1;
        return close > 0
            ? IsIn(pattern.AsSpan(at + 1, close - at - 1), char.ToLowerInvariant(character)) || IsIn(pattern.AsSpan(at + 1, close - at - 1), char.ToUpperInvariant(character))
            : pattern[at] == '?' || char.ToLowerInvariant(pattern[at]) == char.ToLowerInvariant(character);
    }

    private static bool IsIn(ReadOnlySpan<char> set, char character)
    {
        for (int i = 0; i < set.Length; i++)
        {
            bool isRange = i + 2 < set.Length && set[i + 1] == '-';
            if (isRange ? set[i] <= character && character <= set[i + 2] : set[i] == character)
            {
                return true;
            }

            i += isRange ? 2 : 0;
        }

        return false;
    }
}

namespace Bee.Oci.Formats;

/// <summary>
/// A wildcard pattern as PowerShell has them (<c>*</c>, <c>?</c>, <c>[a-z]</c>, case does not matter), over the names of an image. A bracket that closes nowhere
/// stands for itself, a set such as <c>[z-a]</c> has nothing in it, and an IPv6 address in brackets at the beginning is a registry's.
/// </summary>
/// <remarks>Compared by hand: to make a regular expression takes longer than to list a store.</remarks>
internal sealed class NamePattern(string pattern)
{
    private readonly int _address = ImageReference.AddressLength(pattern);

    /// <summary>Whether the reference, with or without its tag, from its beginning or from any of its components on, fits.</summary>
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
                // Only the last * can be of help: what the ones before it could swallow more, it can too.
                (at, i) = (star + 1, ++swallowed);
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(at).TrimStart('*').IsEmpty;
    }

    /// <summary>Whether what stands at a place of the pattern, other than a <c>*</c>, takes a character.</summary>
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

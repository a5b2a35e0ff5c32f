using System.Text;
using System.Text.RegularExpressions;

namespace Bee.Oci.Store;

/// <summary>A wildcard pattern as PowerShell has them (<c>*</c>, <c>?</c>, <c>[a-z]</c>, case does not matter), over the names of an image.</summary>
internal sealed class NamePattern
{
    private readonly Regex _regex;

    /// <summary>Reads a pattern; a bracket that closes nowhere stands for itself.</summary>
    public NamePattern(string pattern)
    {
        var regex = new StringBuilder("^");
        for (int i = 0; i < pattern.Length; i++)
        {
            int close = pattern[i] == '[' ? pattern.IndexOf(']', Math.Min(i + 2, pattern.Length)) : -1;
            if (close > 0)
            {
                string set = pattern[(i + 1)..close].Replace("\\", "\\\\").Replace("[", "\\[").Replace("]", "\\]").Replace("^", "\\^");
                regex.Append('[').Append(set).Append(']');
                i = close;
            }
            else
            {
                regex.Append(pattern[i] switch { '*' => ".*", '?' => ".", var c => Regex.Escape(c.ToString()) });
            }
        }

        const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline;
        try
        {
            _regex = new Regex(regex.Append('$').ToString(), Options);
        }
        catch (ArgumentException)
        {
            // A set such as [z-a] has nothing in it.
            _regex = new Regex("^" + Regex.Escape(pattern) + "$", Options);
        }
    }

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
            if (_regex.IsMatch(name.AsSpan(from)))
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
}

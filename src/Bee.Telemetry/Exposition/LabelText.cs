using System.Buffers;

namespace Bee.Telemetry.Exposition;

/// <summary>Writes label values and help texts for the text formats.</summary>
internal static class LabelText
{
    private static readonly SearchValues<char> s_escaped = SearchValues.Create("\\\"\n");

    /// <summary>Returns a text with lone surrogates and NUL replaced by U+FFFD.</summary>
    public static string Clean(string text)
    {
        var clean = text.ToCharArray();
        for (var i = 0; i < clean.Length; i++)
        {
            if (char.IsHighSurrogate(clean[i]) && i + 1 < clean.Length && char.IsLowSurrogate(clean[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(clean[i]) || clean[i] == '\0')
            {
                clean[i] = '\uFFFD';
            }
        }

        return new string(clean);
    }

    /// <summary>Appends a text with backslashes and newlines escaped, and optionally quotes.</summary>
    public static void AppendEscaped(ExpositionBuffer buffer, ReadOnlySpan<char> text, bool escapesQuotes = true)
    {
        for (int next; (next = text.IndexOfAny(s_escaped)) >= 0; text = text[(next + 1)..])
        {
            buffer.AppendText(text[..next]);
            buffer.Append(text[next] switch
            {
                '\n' => "\\n"u8,
                '\\' => "\\\\"u8,
                _ => escapesQuotes ? "\\\""u8 : "\""u8,
            });
        }

        buffer.AppendText(text);
    }
}

/// <summary>Compares lists of label names or values by content.</summary>
internal sealed class LabelComparer : IEqualityComparer<IReadOnlyList<string>>
{
    /// <summary>The only instance.</summary>
    public static LabelComparer Instance { get; } = new();

    /// <inheritdoc/>
    public bool Equals(IReadOnlyList<string>? x, IReadOnlyList<string>? y)
    {
        if (ReferenceEquals(x, y))
        {
            return true;
        }

        if (x is null || y is null || x.Count != y.Count)
        {
            return false;
        }

        for (var i = 0; i < x.Count; i++)
        {
            if (x[i] != y[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public int GetHashCode(IReadOnlyList<string> obj)
    {
        var hash = 0;
        for (var i = 0; i < obj.Count; i++)
        {
            hash = HashCode.Combine(hash, obj[i].GetHashCode(StringComparison.Ordinal));
        }

        return hash;
    }
}

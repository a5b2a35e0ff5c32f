using System.Buffers;

namespace Bee.Telemetry.Exposition;

/// <summary>Values of labels and help texts as formats have them.</summary>
internal static class LabelText
{
    private static readonly SearchValues<char> s_escaped = SearchValues.Create("\\\"\n");

    /// <summary>Returns a text with U+FFFD in place of lone surrogates and of NUL.</summary>
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

    /// <summary>Appends a text with backslashes before backslashes and newlines, and before quotes if they are to be escaped.</summary>
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

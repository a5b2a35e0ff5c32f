using System.Text;

namespace Bee.Oci.Json;

/// <summary>
/// Text out of an image that a person will see in a terminal: control characters, with which it could rewrite the screen or hide what it
/// says, become U+FFFD.
/// </summary>
internal static class Printable
{
    /// <summary>The text on one line.</summary>
    public static string Text(string text) => Clean(text, keepLines: false);

    /// <summary>The text, which may have several lines.</summary>
    public static string Lines(string text) => Clean(text.Replace("\r\n", "\n", StringComparison.Ordinal), keepLines: true);

    /// <summary>Annotations without those that have no value; their values may have several lines.</summary>
    public static IReadOnlyDictionary<string, string> Annotations(IEnumerable<KeyValuePair<string, string?>>? annotations)
    {
        var clean = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, string? value) in annotations ?? [])
        {
            if (value is not null)
            {
                clean[Text(key)] = Clean(value, keepLines: true);
            }
        }

        return clean;
    }

    private static string Clean(string text, bool keepLines)
    {
        int first = 0;
        while (first < text.Length && !IsBad(text[first], keepLines))
        {
            first++;
        }

        if (first == text.Length)
        {
            return text;
        }

        var clean = new StringBuilder(text);
        for (int i = first; i < clean.Length; i++)
        {
            if (IsBad(clean[i], keepLines))
            {
                clean[i] = '\uFFFD';
            }
        }

        return clean.ToString();
    }

    private static bool IsBad(char c, bool keepLines) => char.IsControl(c) && !(keepLines && c is '\n' or '\t');
}

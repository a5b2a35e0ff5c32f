namespace Bee.Ebpf;

/// <summary>Characters with which a text can rewrite the terminal that shows it. Names and texts in an object may come from anyone.</summary>
internal static class ControlCharacters
{
    /// <summary>Whether a text has any.</summary>
    public static bool Has(ReadOnlySpan<char> text) => text.IndexOfAnyInRange('\0', '\x1f') >= 0 || text.IndexOfAnyInRange('\x7f', '\x9f') >= 0;

    /// <summary>The text with U+FFFD in their place.</summary>
    /// <param name="text">The text.</param>
    /// <param name="except">Those that stay.</param>
    public static string Replace(string text, string except = "") => !Has(text) ? text
        : string.Create(text.Length, (text, except), static (clean, from) =>
        {
            for (var i = 0; i < clean.Length; i++)
            {
                clean[i] = char.IsControl(from.text[i]) && !from.except.Contains(from.text[i]) ? '\uFFFD' : from.text[i];
            }
        });
}

using System.Globalization;
using System.Text;

namespace Bee.Posix;

/// <summary>
/// Sanitizes untrusted text for terminals. Names of processes and files, texts of images and answers of registries can contain characters that move the
/// cursor, change colors, break lines, reverse the order of the text, or are invisible.
/// </summary>
/// <remarks>
/// Unsafe characters are the Unicode categories Cc, Cf, Zl and Zp (control and format characters, line and paragraph separators), lone surrogates,
/// invisible letters (combining grapheme joiner, Hangul and Khmer fillers), and the tags and selectors of plane 14. Safe text is returned as the same string.
/// </remarks>
internal static class TerminalText
{
    private const char Replacement = '\uFFFD';

    /// <summary>Reports whether a text has an unsafe character.</summary>
    /// <param name="text">The text.</param>
    public static bool IsUnsafe(ReadOnlySpan<char> text) => FirstUnsafe(text, keepLines: false) >= 0;

    /// <summary>Replaces each unsafe character by U+FFFD.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The text on one line.</returns>
    public static string Clean(string text) => Replace(text, keepLines: false, pictures: false);

    /// <summary>Replaces each unsafe character except line feeds and tabs by U+FFFD. Windows line ends become line feeds.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The text, which may have several lines.</returns>
    public static string CleanLines(string text) => Replace(text.Replace("\r\n", "\n", StringComparison.Ordinal), keepLines: true, pictures: false);

    /// <summary>Replaces unsafe characters for tables and lists: C0 controls and DEL by their Unicode pictures (U+2400 to U+2421), others by U+FFFD.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The text on one line.</returns>
    public static string Show(string text) => Replace(text, keepLines: false, pictures: true);

    /// <summary>Replaces unsafe characters as <see cref="Show"/> does, but keeps line feeds and tabs.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The text, which may have several lines.</returns>
    public static string ShowLines(string text) => Replace(text, keepLines: true, pictures: true);

    private static string Replace(string text, bool keepLines, bool pictures)
    {
        ArgumentNullException.ThrowIfNull(text);
        int at = FirstUnsafe(text, keepLines);
        if (at < 0)
        {
            return text;
        }

        var clean = new StringBuilder(text.Length).Append(text, 0, at);
        while (at < text.Length)
        {
            bool isUnsafe = IsUnsafe(text.AsSpan(at), keepLines, out int length);
            if (!isUnsafe)
            {
                clean.Append(text, at, length);
            }
            else
            {
                clean.Append(pictures ? Picture(text[at]) : Replacement);
            }

            at += length;
        }

        return clean.ToString();
    }

    private static char Picture(char letter) => letter < ' ' ? (char)('\u2400' + letter) : letter == '\x7f' ? '\u2421' : Replacement;

    private static int FirstUnsafe(ReadOnlySpan<char> text, bool keepLines)
    {
        // Nearly all text is plain ASCII.
        int at = text.IndexOfAnyExceptInRange(' ', '~');
        while (at >= 0 && at < text.Length)
        {
            if (IsUnsafe(text[at..], keepLines, out int length))
            {
                return at;
            }

            at += length;
        }

        return -1;
    }

    private static bool IsUnsafe(ReadOnlySpan<char> text, bool keepLines, out int length)
    {
        if (Rune.DecodeFromUtf16(text, out Rune letter, out length) != System.Buffers.OperationStatus.Done)
        {
            return true;
        }

        if (letter.Value is '\n' or '\t')
        {
            return !keepLines;
        }

        return Rune.GetUnicodeCategory(letter) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            || letter.Value is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x3164 or 0xFFA0 or (>= 0xE0000 and <= 0xE0FFF);
    }
}

using System.Buffers;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text.Json;

namespace Bee.Cmdlets;

/// <summary>The quoting of completions.</summary>
internal static class CompletionText
{
    // What ends or changes a bare word for PowerShell's parser.
    private static readonly SearchValues<char> s_special = SearchValues.Create(" \t\r\n'\"`$|&;<>(){},@#\u2018\u2019\u201a\u201b\u201c\u201d\u201e");

    /// <summary>Takes the quote off that a person has typed before the word.</summary>
    public static string Unquote(string? word, out char quote)
    {
        quote = '\0';
        if (string.IsNullOrEmpty(word) || word[0] is not ('\'' or '"'))
        {
            return word ?? string.Empty;
        }

        quote = word[0];
        string inner = word[1..];
        inner = inner.EndsWith(quote) ? inner[..^1] : inner;
        return quote == '\'' ? inner.Replace("''", "'") : inner;
    }

    /// <summary>Quotes a value where a bare word would be read otherwise, or where the person has begun with a quote.</summary>
    public static string Quote(string value, char quote) => quote switch
    {
        '"' => $"\"{value.Replace("`", "``").Replace("$", "`$").Replace("\"", "`\"")}\"",
        '\'' => Single(value),
        _ => value.Length == 0 || value[0] is '-' || value.AsSpan().ContainsAny(s_special) ? Single(value) : value,
    };

    /// <summary>A key of a hashtable, quoted unless it is a plain word.</summary>
    public static string Key(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? name : Single(name);

    /// <summary>A parameter's default as PowerShell writes it: a number, a truth value, a list, else quoted text.</summary>
    /// <param name="text">The text of an image's config, in which a list stands as in JSON. Anyone may have written it.</param>
    public static string Value(string text)
    {
        if (text.StartsWith('['))
        {
            try
            {
                using var list = JsonDocument.Parse(text);
                return Value(list.RootElement);
            }
            catch (JsonException)
            {
                return Single(text);
            }
        }

        bool isNumber = double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number);
        return isNumber ? text : text is "true" or "false" ? $"${text}" : Single(text);
    }

    private static string Value(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Array => $"@({string.Join(", ", json.EnumerateArray().Select(Value))})",
        JsonValueKind.String => Single(json.GetString()!),
        JsonValueKind.Object => "@{}",
        _ => Value(json.GetRawText()),
    };

    /// <summary>True where the candidate begins with the word, or matches it as a wildcard, or has it at the start of its last path part.</summary>
    public static bool Fits(string candidate, string word)
    {
        if (word.Length == 0 || candidate.StartsWith(word, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        if (WildcardPattern.ContainsWildcardCharacters(word))
        {
            return WildcardPattern.Get(word + "*", WildcardOptions.IgnoreCase).IsMatch(candidate);
        }

        int slash = candidate.LastIndexOf('/');
        return slash >= 0 && candidate.AsSpan(slash + 1).StartsWith(word, StringComparison.OrdinalIgnoreCase);
    }

    private static string Single(string value) => $"'{CodeGeneration.EscapeSingleQuotedStringContent(value)}'";
}

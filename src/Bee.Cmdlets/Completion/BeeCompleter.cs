using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text.Json;

namespace Bee.Cmdlets.Completion;

/// <summary>
/// Offers completions for a parameter. A completer runs while the user types at a prompt, so it never throws: on any failure
/// it offers nothing.
/// </summary>
public abstract class BeeCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        try
        {
            string word = CompletionText.Unquote(wordToComplete, out char quote);
            var results = new List<CompletionResult>();
            foreach (Candidate candidate in Candidates(word, fakeBoundParameters ?? new Hashtable()))
            {
                if (Fits(candidate.Text, word) || (candidate.Label is { } label && Fits(label, word)))
                {
                    string text = candidate.IsCode ? candidate.Text : CompletionText.Quote(candidate.Text, quote);
                    results.Add(new CompletionResult(text, candidate.Label is null ? candidate.Text : $"{candidate.Text} {candidate.Label}", CompletionResultType.ParameterValue, candidate.Description));
                }
            }

            results.AddRange(More(word));
            return results;
        }
        catch (Exception)
        {
            return [];
        }
    }

    /// <summary>One completion.</summary>
    /// <param name="Text">The value.</param>
    /// <param name="Description">The tooltip; never empty.</param>
    /// <param name="IsCode">Whether the text is PowerShell code and must not be quoted.</param>
    protected readonly record struct Candidate(string Text, string Description, bool IsCode = false)
    {
        /// <summary>The name behind a value such as a number. The list shows it after the value, and the user may type it instead. Null if the value needs no name.</summary>
        public string? Label { get; init; }
    }

    /// <summary>Returns all completions. The caller removes those that do not match the typed word.</summary>
    /// <param name="word">The text that is typed so far, without quotes.</param>
    /// <param name="bound">The other arguments of the command line that are known so far.</param>
    /// <returns>The completions in display order.</returns>
    protected abstract IEnumerable<Candidate> Candidates(string word, IDictionary bound);

    /// <summary>Returns whether a completion matches the typed text.</summary>
    /// <param name="candidate">The completion.</param>
    /// <param name="word">The text that is typed so far, without quotes.</param>
    /// <returns>By default, true if the completion begins with the text or matches it as a wildcard.</returns>
    protected virtual bool Fits(string candidate, string word) => CompletionText.Fits(candidate, word);

    /// <summary>Returns results that need no further matching or quoting, for instance file names.</summary>
    /// <param name="word">The text that is typed so far, without quotes.</param>
    /// <returns>The results.</returns>
    protected virtual IEnumerable<CompletionResult> More(string word) => [];

    /// <summary>Returns an argument of the command line as text, or null.</summary>
    /// <param name="bound">The known arguments.</param>
    /// <param name="name">The parameter's name.</param>
    /// <returns>Its text.</returns>
    protected static string? Argument(IDictionary bound, string name)
        => bound.Contains(name) ? LanguagePrimitives.ConvertTo<string>(bound[name]) : null;
}

/// <summary>Offers nothing, for numbers, names and free text. Without a completer, PowerShell would offer the files of the current folder.</summary>
public sealed class NothingCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound) => [];
}

/// <summary>Offers durations as <see cref="Base.DurationAttribute"/> reads them.</summary>
public sealed class DurationCompleter : BeeCompleter
{
    private static readonly (string Text, string Meaning)[] s_durations =
        [("100ms", "100 milliseconds"), ("1s", "1 second"), ("10s", "10 seconds"), ("1m", "1 minute"), ("1h", "1 hour")];

    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound) => s_durations.Select(one => new Candidate(one.Text, one.Meaning));
}

/// <summary>Offers some percentages, as examples of the format.</summary>
public sealed class PercentageCompleter : BeeCompleter
{
    private static readonly (string Text, string Meaning)[] s_percentages = [("0.1%", "one thousandth"), ("1%", "one hundredth"), ("5%", "one twentieth"), ("10%", "one tenth")];

    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound) => s_percentages.Select(one => new Candidate(one.Text, one.Meaning));
}

/// <summary>Quotes completions and resolves the paths in them.</summary>
internal static class CompletionText
{
    // Characters that end a bare word or change its meaning for PowerShell's parser.
    private static readonly SearchValues<char> s_special = SearchValues.Create(" \t\r\n'\"`$|&;<>(){},@#\u2018\u2019\u201a\u201b\u201c\u201d\u201e");

    /// <summary>Removes the quote that the user typed before the word.</summary>
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

    /// <summary>Quotes a value if a bare word would mean something else, or if the user began with a quote.</summary>
    public static string Quote(string value, char quote) => quote switch
    {
        '"' => $"\"{value.Replace("`", "``").Replace("$", "`$").Replace("\"", "`\"")}\"",
        '\'' => Single(value),
        _ => value.Length == 0 || value[0] is '-' || value.AsSpan().ContainsAny(s_special) ? Single(value) : value,
    };

    /// <summary>Returns a key of a hashtable, quoted unless it is a plain word.</summary>
    public static string Key(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? name : Single(name);

    /// <summary>Returns a parameter's default as PowerShell code: a number, a Boolean, a list, or else quoted text.</summary>
    /// <param name="text">The text from an image's configuration, in which lists are JSON. It is not trusted.</param>
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

    /// <summary>Returns true if the candidate begins with the word, matches it as a wildcard, or has it at the start of its last path part.</summary>
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

    /// <summary>Makes a path absolute against the session's location, which differs from the process's.</summary>
    public static string FullPath(string path)
    {
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        return shell.AddCommand("Convert-Path").AddParameter("LiteralPath", path).Invoke<string>()[0];
    }

    private static string Single(string value) => $"'{CodeGeneration.EscapeSingleQuotedStringContent(value)}'";
}

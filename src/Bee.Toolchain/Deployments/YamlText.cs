using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Bee.Toolchain.Deployments;

/// <summary>A mapping of YAML, in the order in which its keys are written. A key without a value (null) is left out.</summary>
internal sealed class YamlMap : List<(string Key, object? Value)>
{
    /// <summary>Adds a key.</summary>
    public void Add(string key, object? value) => Add((key, value));
}

/// <summary>Writes YAML 1.2 in block style: mappings, sequences, text, integers and booleans. What could be read as something else than text stands in quotes, as JSON writes it.</summary>
internal static class YamlText
{
    // What YAML 1.1, which kubectl still reads, takes for a boolean or nothing.
    private static readonly HashSet<string> s_words = new(StringComparer.OrdinalIgnoreCase) { "true", "false", "yes", "no", "on", "off", "y", "n", "null" };

    /// <summary>Returns documents, each behind a line of dashes.</summary>
    public static string Documents(IEnumerable<YamlMap> documents)
    {
        var text = new StringBuilder();
        foreach (YamlMap document in documents)
        {
            text.Append("---\n");
            Map(text, document, 0, isItem: false);
        }

        return text.ToString();
    }

    private static void Map(StringBuilder text, YamlMap map, int indent, bool isItem)
    {
        foreach ((string key, object? value) in map)
        {
            if (value is null)
            {
                continue;
            }

            text.Append(isItem ? "" : new string(' ', indent)).Append(Scalar(key)).Append(':');
            isItem = false;
            Value(text, value, indent);
        }
    }

    private static void Value(StringBuilder text, object value, int indent)
    {
        switch (value)
        {
            case YamlMap { Count: 0 }:
                text.Append(" {}\n");
                break;
            case YamlMap map:
                text.Append('\n');
                Map(text, map, indent + 2, isItem: false);
                break;
            case IReadOnlyCollection<object> { Count: 0 }:
                text.Append(" []\n");
                break;
            case IReadOnlyCollection<object> items:
                text.Append('\n');
                foreach (object item in items)
                {
                    text.Append(' ', indent + 2).Append("- ");
                    if (item is YamlMap map)
                    {
                        Map(text, map, indent + 4, isItem: true);
                    }
                    else
                    {
                        text.Append(Scalar(item)).Append('\n');
                    }
                }

                break;
            default:
                text.Append(' ').Append(Scalar(value)).Append('\n');
                break;
        }
    }

    private static string Scalar(object value) => value switch
    {
        bool truth => truth ? "true" : "false",
        int number => number.ToString(CultureInfo.InvariantCulture),
        string plain when IsPlain(plain) => plain,
        string other => $"\"{JsonEncodedText.Encode(other)}\"",
        _ => throw new ArgumentException($"{value.GetType()} has no form in YAML here.", nameof(value)),
    };

    private static bool IsPlain(string text) =>
        text.Length > 0 && (char.IsAsciiLetter(text[0]) || text[0] == '/') && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/') && !s_words.Contains(text);
}

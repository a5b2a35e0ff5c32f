using System.Text.Json;
using System.Text.RegularExpressions;

namespace Bee.Deployments;

/// <summary>
/// Renders the features that the chart uses: values, toJson, required, and a range over a list. helm is not installed here. Other template features are errors, so that none is
/// ignored.
/// </summary>
internal static partial class Chart
{
    /// <summary>Returns all templates, with the given values overriding those of values.yaml, separated by lines of dashes.</summary>
    public static string Render(string folder, IReadOnlyDictionary<string, object> values)
    {
        Dictionary<string, object> all = Values(Path.Combine(folder, "values.yaml"));
        foreach ((string key, object value) in values)
        {
            all[key] = value;
        }

        return string.Concat(Directory.GetFiles(Path.Combine(folder, "templates")).Order(StringComparer.Ordinal).Select(file => "---\n" + Template(File.ReadAllText(file), all)));
    }

    private static string Template(string text, Dictionary<string, object> values)
    {
        text = If().Replace(text, match => values[match.Groups[1].Value] is true ? match.Groups[2].Value : "");
        text = Range().Replace(text, match => string.Concat(((string[])values[match.Groups[1].Value]).Select(item =>
            match.Groups[2].Value.Replace("{{ . | trimPrefix \"/\" | replace \"/\" \"-\" }}", item.Trim('/').Replace('/', '-'), StringComparison.Ordinal)
                .Replace("{{ ne . \"/sys/fs/bpf\" }}", item != "/sys/fs/bpf" ? "true" : "false", StringComparison.Ordinal)
                .Replace("{{ . }}", item, StringComparison.Ordinal))));
        return Expression().Replace(text, match => match.Groups[1].Value switch
        {
            ".Release.Namespace" => "bee",
            ".Release.Service" => "Helm",
            "toJson (concat (list \"--metric-listen\" (printf \"0.0.0.0:%v\" .Values.metricPort)) .Values.arguments)" =>
                JsonSerializer.Serialize((string[])["--metric-listen", $"0.0.0.0:{values["metricPort"]}", .. (string[])values["arguments"]]),
            var word when word.StartsWith(".Values.", StringComparison.Ordinal) => Text(values[word[8..]]),
            var word when word.StartsWith("toJson .Values.", StringComparison.Ordinal) => JsonSerializer.Serialize(values[word[15..]]),
            var word when Required().Match(word) is { Success: true } required => JsonSerializer.Serialize((string)values[required.Groups[1].Value] is { Length: > 0 } given ? given : throw new InvalidOperationException(word)),
            var other => throw new NotSupportedException(other),
        });
    }

    private static string Text(object value) => value is bool truth ? truth ? "true" : "false" : $"{value}";

    // values.yaml is parsed by the npm package yaml.
    private static Dictionary<string, object> Values(string file)
    {
        string text = KubernetesSchemas.ReadYaml(file);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.EnumerateObject().ToDictionary(property => property.Name, property => Value(property.Value));
    }

    private static object Value(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => element.GetInt32(),
        JsonValueKind.Array => element.EnumerateArray().Select(item => item.GetString()!).ToArray(),
        JsonValueKind.Object => element.Clone(),
        _ => element.GetString()!,
    };

    [GeneratedRegex(@"\{\{- if \.Values\.(\w+) \}\}\n(.*)\{\{- end \}\}", RegexOptions.Singleline)]
    private static partial Regex If();

    [GeneratedRegex(@"\n *\{\{- range \.Values\.(\w+) \}\}(.*?)\n *\{\{- end \}\}", RegexOptions.Singleline)]
    private static partial Regex Range();

    [GeneratedRegex(@"\{\{ (.*?) \}\}")]
    private static partial Regex Expression();

    [GeneratedRegex("""^required ".*" \.Values\.(\w+) \| toJson$""")]
    private static partial Regex Required();
}

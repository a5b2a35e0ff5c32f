using System.Globalization;
using Bee.Ebpf.Objects;
using Bee.Toolchain.Manifest;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Bee.Isolated;

/// <summary>Converts the nodes of one bee.yaml to typed values, and records the positions of values that are checked later.</summary>
internal sealed class ManifestDocument(string path)
{
    private readonly Dictionary<string, ManifestPlace> _places = [];

    public string Path => path;

    /// <summary>The positions of values that can be checked only with the object.</summary>
    public IReadOnlyDictionary<string, ManifestPlace> Places => _places;

    public void Place(string name, YamlNode node) => _places[name] = new ManifestPlace((int)node.Start.Line, (int)node.Start.Column);

    public ManifestException Wrong(YamlNode node, string problem) => new(path, (int)node.Start.Line, (int)node.Start.Column, problem);

    /// <summary>Reads a map that may have only known keys.</summary>
    public void Keys(YamlNode node, string example, Dictionary<string, Action<YamlNode>> known)
    {
        foreach (var (key, value) in Pairs(node, example))
        {
            if (key is not YamlScalarNode { Value: { } name })
            {
                throw Wrong(key, $"unknown key: '{Kind(key)}'. Known keys are {string.Join(", ", known.Keys)}.");
            }

            if (!known.TryGetValue(name, out var read))
            {
                var near = Suggest.Nearest(name, known.Keys, 1);
                throw Wrong(key, $"unknown key: '{name}'.{(near.Count > 0 ? $" Is '{near[0]}' meant?" : "")} Known keys are {string.Join(", ", known.Keys)}.");
            }

            read(value);
        }
    }

    /// <summary>Reads a map whose keys are names that the author chose.</summary>
    /// <param name="node">The map.</param>
    /// <param name="place">The name of its position.</param>
    /// <param name="example">An example of an entry, for messages.</param>
    /// <param name="read">Reads an entry, given the name of its position and its node.</param>
    public Dictionary<string, T> Named<T>(YamlNode node, string place, string example, Func<string, YamlNode, T> read)
    {
        var named = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var (key, value) in Pairs(node, example))
        {
            // A field or map may be named "null" or "1", so a key is always text.
            if (key is not YamlScalarNode { Value: { Length: > 0 } name })
            {
                throw Wrong(key, $"expected a name, not {Kind(key)}.");
            }

            var at = $"{place}/{name}";
            Place(at, key);
            named[name] = read(at, value);
        }

        return named;
    }

    public string Text(string key, YamlNode node)
    {
        if (node is not YamlScalarNode scalar)
        {
            throw Wrong(node, $"{key} must be text, not {Kind(node)}.");
        }

        var value = scalar.Value ?? "";
        if (scalar.Style == ScalarStyle.Plain && Looks(value) is { } other)
        {
            throw Wrong(node, value.Length == 0 ? $"{key} has no value." : $"{key} must be text, not {other}: put {value} in quotes to make it text.");
        }

        return value;
    }

    public string[] Texts(string key, YamlNode node) => node is YamlSequenceNode list
        ? [.. list.Children.Select(item => Text(key, item))]
        : [Text(key, node)];

    public bool Truth(string key, YamlNode node) => Plain(node) switch
    {
        "true" or "True" or "TRUE" => true,
        "false" or "False" or "FALSE" => false,
        _ => throw Wrong(node, $"{key} must be true or false, not {Shown(node)}."),
    };

    public double Number(string key, YamlNode node) =>
        Plain(node) is { } text && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : throw Wrong(node, $"{key} must be a number, not {Shown(node)}.");

    public long Whole(string key, YamlNode node, long least, long most) =>
        Plain(node) is { } text && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw Wrong(node, $"{key} must be a whole number from {least} to {most}, not {Shown(node)}.");

    public T Choice<T>(string key, YamlNode node, params (string Word, T Value)[] choices)
    {
        foreach (var (word, value) in choices)
        {
            if (node is YamlScalarNode scalar && scalar.Value == word)
            {
                return value;
            }
        }

        throw Wrong(node, $"{key} must be {Or(choices.Select(choice => choice.Word))}, not {Shown(node)}.");
    }

    public static string Kind(YamlNode node) => node switch
    {
        YamlMappingNode => "a map",
        YamlSequenceNode => "a list",
        _ => "a single value",
    };

    private IEnumerable<KeyValuePair<YamlNode, YamlNode>> Pairs(YamlNode node, string example) => node is YamlMappingNode map
        ? map.Children
        : throw Wrong(node, $"expected keys, such as '{example}', not {(Plain(node) is "" ? "nothing" : Kind(node))}.");

    private static string? Plain(YamlNode node) => node is YamlScalarNode { Style: ScalarStyle.Plain } scalar ? scalar.Value ?? "" : null;

    private static string Shown(YamlNode node) => node is YamlScalarNode scalar
        ? scalar.Value is { Length: > 0 } value ? $"'{(value.Length > 40 ? value[..40] + "..." : value)}'" : "nothing"
        : Kind(node);

    private static string Or(IEnumerable<string> words)
    {
        string[] all = [.. words];
        return all.Length == 1 ? all[0] : $"{string.Join(", ", all[..^1])} or {all[^1]}";
    }

    /// <summary>Returns what YAML interprets an unquoted word as, if not as text; otherwise null.</summary>
    private static string? Looks(string plain) => plain switch
    {
        "" or "~" or "null" or "Null" or "NULL" => "nothing",
        "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => "a boolean",
        _ when double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out _) => "a number",
        _ => null,
    };
}

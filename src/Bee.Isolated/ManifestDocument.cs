using System.Globalization;
using Bee.Ebpf.Objects;
using Bee.Toolchain.Manifest;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Bee.Isolated;

/// <summary>Takes typed values out of the nodes of one bee.yaml, and remembers where what is checked later stands.</summary>
internal sealed class ManifestDocument(string path)
{
    private readonly Dictionary<string, ManifestPlace> _places = [];

    public string Path => path;

    /// <summary>Where things stand, for what can be checked only when the object is there.</summary>
    public IReadOnlyDictionary<string, ManifestPlace> Places => _places;

    public void Place(string name, YamlNode node) => _places[name] = new ManifestPlace((int)node.Start.Line, (int)node.Start.Column);

    public ManifestException Wrong(YamlNode node, string problem) => new(path, (int)node.Start.Line, (int)node.Start.Column, problem);

    /// <summary>Reads a map that has some of the known keys and no other.</summary>
    public void Keys(YamlNode node, string example, Dictionary<string, Action<YamlNode>> known)
    {
        foreach (var (key, value) in Pairs(node, example))
        {
            if (key is not YamlScalarNode { Value: { } name })
            {
                throw Wrong(key, $"no such key: '{Kind(key)}'. Known are {string.Join(", ", known.Keys)}.");
            }

            if (!known.TryGetValue(name, out var read))
            {
                var near = Suggest.Nearest(name, known.Keys, 1);
                throw Wrong(key, $"no such key: '{name}'.{(near.Count > 0 ? $" Is '{near[0]}' meant?" : "")} Known are {string.Join(", ", known.Keys)}.");
            }

            read(value);
        }
    }

    /// <summary>Reads a map from names that the author chose.</summary>
    /// <param name="node">The map.</param>
    /// <param name="place">The name of its place.</param>
    /// <param name="example">How one entry looks.</param>
    /// <param name="read">Reads an entry, from the name of its place and its node.</param>
    public Dictionary<string, T> Named<T>(YamlNode node, string place, string example, Func<string, YamlNode, T> read)
    {
        var named = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var (key, value) in Pairs(node, example))
        {
            // A field or a map may be called "null" or "1": a name is text however it looks.
            if (key is not YamlScalarNode { Value: { Length: > 0 } name })
            {
                throw Wrong(key, $"{Kind(key)} where a name is wanted.");
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
            throw Wrong(node, $"{key} is text, not {Kind(node)}.");
        }

        var value = scalar.Value ?? "";
        if (scalar.Style == ScalarStyle.Plain && Looks(value) is { } other)
        {
            throw Wrong(node, value.Length == 0 ? $"{key} has no value." : $"{key} is text, not {other}: put {value} in quotes if it is meant.");
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
        _ => throw Wrong(node, $"{key} is true or false, not {Shown(node)}."),
    };

    public double Number(string key, YamlNode node) =>
        Plain(node) is { } text && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : throw Wrong(node, $"{key} is a number, not {Shown(node)}.");

    public long Whole(string key, YamlNode node, long least, long most) =>
        Plain(node) is { } text && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw Wrong(node, $"{key} is a whole number from {least} to {most}, not {Shown(node)}.");

    public T Choice<T>(string key, YamlNode node, params (string Word, T Value)[] choices)
    {
        foreach (var (word, value) in choices)
        {
            if (node is YamlScalarNode scalar && scalar.Value == word)
            {
                return value;
            }
        }

        throw Wrong(node, $"{key} is {Or(choices.Select(choice => choice.Word))}, not {Shown(node)}.");
    }

    public static string Kind(YamlNode node) => node switch
    {
        YamlMappingNode => "a map",
        YamlSequenceNode => "a list",
        _ => "a single value",
    };

    private IEnumerable<KeyValuePair<YamlNode, YamlNode>> Pairs(YamlNode node, string example) => node is YamlMappingNode map
        ? map.Children
        : throw Wrong(node, $"{(Plain(node) is "" ? "nothing" : Kind(node))} where keys are wanted, such as '{example}'.");

    private static string? Plain(YamlNode node) => node is YamlScalarNode { Style: ScalarStyle.Plain } scalar ? scalar.Value ?? "" : null;

    private static string Shown(YamlNode node) => node is YamlScalarNode scalar
        ? scalar.Value is { Length: > 0 } value ? $"'{(value.Length > 40 ? value[..40] + "..." : value)}'" : "nothing"
        : Kind(node);

    private static string Or(IEnumerable<string> words)
    {
        string[] all = [.. words];
        return all.Length == 1 ? all[0] : $"{string.Join(", ", all[..^1])} or {all[^1]}";
    }

    /// <summary>What YAML takes an unquoted word for when it is not text; null when it is.</summary>
    private static string? Looks(string plain) => plain switch
    {
        "" or "~" or "null" or "Null" or "NULL" => "nothing",
        "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => "a truth value",
        _ when double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out _) => "a number",
        _ => null,
    };
}

using System.Globalization;
using Bee.Toolchain;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Bee.Isolated;

/// <summary>Reads a bee.yaml strictly: what Bee would not use is an error with its place, so that a misspelt key is not left out in silence.</summary>
public sealed class ManifestReader : IManifestReader
{
    private static readonly string[] Keys = ["name", "description", "authors", "license", "source", "defines"];

    /// <inheritdoc/>
    public ProgramManifest Read(string path)
    {
        var text = File.ReadAllText(path);
        var stream = new YamlStream();
        try
        {
            CheckDepth(path, text);
            stream.Load(new StringReader(text));
        }
        catch (YamlException exception)
        {
            throw new ManifestException(path, (int)exception.Start.Line, (int)exception.Start.Column, exception.Message, exception);
        }

        return stream.Documents.Count switch
        {
            0 => new ProgramManifest(),
            1 => Read(path, stream.Documents[0].RootNode),
            _ => throw Wrong(path, stream.Documents[1].RootNode, "a second document; one file describes one program."),
        };
    }

    /// <summary>The tree is built by recursion, and a file of a hundred thousand brackets would end the process with it.</summary>
    private static void CheckDepth(string path, string text)
    {
        const int Deepest = 32;
        var parser = new Parser(new StringReader(text));
        for (var depth = 0; parser.MoveNext();)
        {
            depth += parser.Current!.NestingIncrease;
            if (depth > Deepest)
            {
                throw new ManifestException(path, (int)parser.Current.Start.Line, (int)parser.Current.Start.Column, $"nested more than {Deepest} deep.");
            }
        }
    }

    private static ProgramManifest Read(string path, YamlNode root)
    {
        var manifest = new ProgramManifest();
        if (root is not YamlMappingNode map)
        {
            throw Wrong(path, root, $"{Kind(root)} where keys are wanted, such as 'name: mytool'.");
        }

        foreach (var (key, value) in map.Children)
        {
            manifest = (key as YamlScalarNode)?.Value switch
            {
                "name" => manifest with { Name = Text(path, "name", value) },
                "description" => manifest with { Description = Text(path, "description", value) },
                "authors" => manifest with { Authors = Texts(path, "authors", value) },
                "license" => manifest with { License = Text(path, "license", value) },
                "source" => manifest with { Source = Text(path, "source", value) },
                "defines" => manifest with { Defines = Defines(path, value) },
                var other => throw Wrong(path, key, $"no such key: '{other ?? Kind(key)}'. Known are {string.Join(", ", Keys)}."),
            };
        }

        return manifest;
    }

    private static string Text(string path, string key, YamlNode node)
    {
        if (node is not YamlScalarNode scalar)
        {
            throw Wrong(path, node, $"{key} is text, not {Kind(node)}.");
        }

        var value = scalar.Value ?? "";
        if (scalar.Style == ScalarStyle.Plain && Looks(value) is { } other)
        {
            throw Wrong(path, node, value.Length == 0 ? $"{key} has no value." : $"{key} is text, not {other}: put {value} in quotes if it is meant.");
        }

        return value;
    }

    private static IReadOnlyList<string> Texts(string path, string key, YamlNode node) => node is YamlSequenceNode list
        ? [.. list.Children.Select(item => Text(path, key, item))]
        : [Text(path, key, node)];

    private static IReadOnlyList<string> Defines(string path, YamlNode node) => node switch
    {
        YamlSequenceNode list => [.. list.Children.Select(item => Text(path, "defines", item))],
        YamlMappingNode map => [.. map.Children.Select(pair => Define(path, pair.Key, pair.Value))],
        _ => throw Wrong(path, node, $"defines is a list of NAME or NAME=VALUE, or a map of names to values, not {Kind(node)}."),
    };

    /// <summary>Numbers and truth values are taken as they stand: for the compiler all is text. No value defines the name only.</summary>
    private static string Define(string path, YamlNode key, YamlNode value)
    {
        var name = Text(path, "a define's name", key);
        return value switch
        {
            YamlScalarNode { Value: null or "", Style: ScalarStyle.Plain } => name,
            YamlScalarNode scalar => $"{name}={scalar.Value}",
            _ => throw Wrong(path, value, $"{name} is a number or text, not {Kind(value)}."),
        };
    }

    /// <summary>What YAML takes an unquoted word for when it is not text; null when it is.</summary>
    private static string? Looks(string plain) => plain switch
    {
        "" or "~" or "null" or "Null" or "NULL" => "nothing",
        "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => "a truth value",
        _ when double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out _) => "a number",
        _ => null,
    };

    private static string Kind(YamlNode node) => node switch
    {
        YamlMappingNode => "a map",
        YamlSequenceNode => "a list",
        _ => "a single value",
    };

    private static ManifestException Wrong(string path, YamlNode node, string problem) =>
        new(path, (int)node.Start.Line, (int)node.Start.Column, problem);
}

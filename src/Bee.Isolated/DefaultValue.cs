using YamlDotNet.RepresentationModel;

namespace Bee.Isolated;

/// <summary>
/// Reads a parameter's default. Numbers, truth values and words stay the text that they are: the parameter's C type decides what they mean, and is
/// known only when the object is there.
/// </summary>
internal sealed class DefaultValue(ManifestDocument document)
{
    // An alias of a node inside itself makes a ring of the tree, and a few lines of aliases more values than there is memory for.
    private const int Deepest = 8;
    private const int Most = 10_000;

    private int _count;

    public object Read(YamlNode node) => Read(node, 0);

    private object Read(YamlNode node, int depth)
    {
        if (depth > Deepest || ++_count > Most)
        {
            throw document.Wrong(node, $"default is nested more than {Deepest} deep, or has more than {Most} values.");
        }

        return node switch
        {
            YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain, Value: null or "" or "~" or "null" } => throw document.Wrong(node, "default has no value."),
            YamlScalarNode scalar => scalar.Value ?? "",
            YamlSequenceNode list => list.Children.Select(item => Read(item, depth + 1)).ToArray(),
            YamlMappingNode map => map.Children.ToDictionary(pair => document.Text("a field's name", pair.Key), pair => (object?)Read(pair.Value, depth + 1)),
            _ => throw document.Wrong(node, "default is a value, a list or a map."),
        };
    }
}

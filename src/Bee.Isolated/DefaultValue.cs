using YamlDotNet.RepresentationModel;

namespace Bee.Isolated;

/// <summary>
/// Reads a parameter's default. Numbers, booleans and words stay text, because the parameter's C type decides what they mean, and the type is
/// known only with the object.
/// </summary>
internal sealed class DefaultValue(ManifestDocument document)
{
    // An alias of a node inside itself makes the tree circular, and a few lines of nested aliases expand to more values than fit into memory.
    private const int Deepest = 8;
    private const int Most = 10_000;

    private int _count;

    public object Read(YamlNode node) => Read(node, 0);

    private object Read(YamlNode node, int depth)
    {
        if (depth > Deepest || ++_count > Most)
        {
            throw document.Wrong(node, $"default has more than {Deepest} levels, or more than {Most} values.");
        }

        return node switch
        {
            YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain, Value: null or "" or "~" or "null" } => throw document.Wrong(node, "default has no value."),
            YamlScalarNode scalar => scalar.Value ?? "",
            YamlSequenceNode list => list.Children.Select(item => Read(item, depth + 1)).ToArray(),
            YamlMappingNode map => map.Children.ToDictionary(pair => document.Text("a field's name", pair.Key), pair => (object?)Read(pair.Value, depth + 1)),
            _ => throw document.Wrong(node, "default must be a value, a list or a map."),
        };
    }
}

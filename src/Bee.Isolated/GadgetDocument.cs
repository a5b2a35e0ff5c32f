using System.Globalization;
using Bee.Ebpf.Metadata;
using Bee.Toolchain.Manifest;
using YamlDotNet.RepresentationModel;

namespace Bee.Isolated;

/// <summary>Reads the known keys of one gadget's metadata.</summary>
internal sealed class GadgetDocument(string path)
{
    // An alias can repeat a large map in many places, so the nodes that are visited are counted, not those in the text.
    private const int MostNodes = 100_000;

    // Inspektor Gadget's tables follow the width of the terminal. Bee limits the columns.
    private const int WidestColumn = 16;

    // The fields that Inspektor Gadget's column templates hide by default.
    private static readonly string[] s_hidden = ["timestamp", "containerPid", "containerStartedAt", "ns", "mntns_id", "netns_id", "pcomm", "ppid", "ptid", "user_stack"];
    private static readonly string[] s_right = ["bytes", "duration", "pid", "ppid", "tid", "ptid", "uid", "gid", "ns", "mntns_id", "netns_id"];

    private int _read;

    /// <summary>Reads the metadata.</summary>
    /// <param name="root">The document.</param>
    /// <exception cref="ManifestException">The document is too large.</exception>
    public GadgetMetadata Read(YamlNode root) => new()
    {
        Name = Filled(Text(Child(root, "name"))),
        Description = Filled(Text(Child(root, "description"))),
        Homepage = Filled(Text(Child(root, "homepageURL"))),
        Documentation = Filled(Text(Child(root, "documentationURL"))),
        Source = Filled(Text(Child(root, "sourceURL"))),
        Sources = Sources(root),
        Structs = Pairs(Child(root, "structs")).DistinctBy(said => said.Name).ToDictionary(said => said.Name, said => Fields(List(Child(said.Value, "fields")), "attributes")),
        Parameters = Pairs(Child(root, "ebpfParams")).Concat(Pairs(Child(Child(root, "params"), "ebpf"))).DistinctBy(said => said.Name).ToDictionary(said => said.Name, said => Parameter(said.Value)),
    };

    // Inspektor Gadget ignores case in these names, and both spellings are in use.
    private Dictionary<string, IReadOnlyDictionary<string, FieldMetadata>> Sources(YamlNode root) =>
        Pairs(Child(root, "datasources")).Concat(Pairs(Child(root, "dataSources"))).DistinctBy(said => said.Name)
            .ToDictionary(said => said.Name, said => Fields(Pairs(Child(said.Value, "fields")), "annotations"));

    private IReadOnlyDictionary<string, FieldMetadata> Fields(IEnumerable<(string Name, YamlNode Value)> fields, string words) =>
        fields.DistinctBy(field => field.Name).ToDictionary(field => field.Name, field => Field(field.Value, words));

    private FieldMetadata Field(YamlNode field, string words)
    {
        var said = Pairs(Child(field, words)).DistinctBy(word => word.Name).ToDictionary(word => word.Name, word => Text(word.Value));
        var template = Word("template") ?? "";
        return new FieldMetadata
        {
            Description = Word("description") ?? Text(Child(field, "description")),
            Width = Width(),
            AlignRight = Word("columns.alignment", "alignment") switch
            {
                "left" => false,
                "right" => true,
                _ => s_right.Contains(template) ? true : null,
            },
            Metric = MetadataNames.FieldMetrics.FindWord(Word("metrics.type")),
            // In UCUM, "us" is a microsecond. Metadata also uses the letter mu, which has two code points.
            Unit = Word("metrics.unit")?.Replace('\u00b5', 'u').Replace('\u03bc', 'u'),
            Hidden = bool.TryParse(Word("columns.hidden", "hidden"), out var hidden) ? hidden : s_hidden.Contains(template) ? true : null,
        };

        string? Word(params string[] names) => names.Select(name => said.GetValueOrDefault(name)).FirstOrDefault(word => word is { Length: > 0 });

        int? Width() => int.TryParse(Word("columns.width", "width"), NumberStyles.None, CultureInfo.InvariantCulture, out var width) && width is > 0 and <= WidestColumn ? width : null;
    }

    private ParameterMetadata Parameter(YamlNode said) => new()
    {
        Key = Filled(Text(Child(said, "key"))),
        Description = Filled(Text(Child(said, "description"))),
        Default = Filled(Text(Child(said, "defaultValue"))),
    };

    private static string? Filled(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static string? Text(YamlNode? node) => (node as YamlScalarNode)?.Value;

    private YamlNode? Child(YamlNode? node, string key) => Pairs(node).FirstOrDefault(pair => pair.Name == key).Value;

    private IEnumerable<(string Name, YamlNode Value)> Pairs(YamlNode? node) => Counted<KeyValuePair<YamlNode, YamlNode>>(node is YamlMappingNode map ? map.Children : [])
        .Where(pair => pair.Key is YamlScalarNode { Value: not null })
        .Select(pair => (((YamlScalarNode)pair.Key).Value!, pair.Value));

    // A list whose items contain their names.
    private IEnumerable<(string Name, YamlNode Value)> List(YamlNode? node) => Counted<YamlNode>(node is YamlSequenceNode list ? list.Children : [])
        .Select(item => (Name: Text(Child(item, "name")) ?? "", Value: item))
        .Where(item => item.Name.Length > 0);

    private IEnumerable<T> Counted<T>(IEnumerable<T> nodes)
    {
        foreach (var node in nodes)
        {
            yield return ++_read <= MostNodes ? node : throw new ManifestException(path, 1, 1, $"has more than {MostNodes} nodes.");
        }
    }
}

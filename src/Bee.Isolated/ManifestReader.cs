using Bee.Oci.Formats;
using Bee.Posix;
using Bee.Toolchain.Compiling;
using Bee.Toolchain.Manifest;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Bee.Isolated;

/// <summary>Reads a bee.yaml strictly. Anything that Bee would not use is an error with its position, so that a misspelled key is not ignored.</summary>
public sealed class ManifestReader : IManifestReader
{
    private const int Largest = 1 << 20;

    /// <inheritdoc/>
    ProgramManifest IManifestReader.Read(string path)
    {
        if (new FileInfo(path).Length > Largest)
        {
            throw new ManifestException(path, 1, 1, $"larger than {Largest} bytes.");
        }

        var documents = YamlText.Load(path, RegularFile.ReadAllText(path, Largest));
        var document = new ManifestDocument(path);
        return documents.Count switch
        {
            0 => new ProgramManifest { Path = path },
            1 => Read(document, documents[0].RootNode),
            _ => throw document.Wrong(documents[1].RootNode, "contains a second document. Describe one tool in each file."),
        };
    }

    private static ProgramManifest Read(ManifestDocument document, YamlNode root)
    {
        var manifest = new ProgramManifest();
        var said = new Bee.Ebpf.Metadata.ObjectMetadata();
        var parts = new MetadataSections(document);
        document.Keys(root, "name: mytool", new()
        {
            ["name"] = node => manifest = manifest with { Name = Name(document, node) },
            ["description"] = node => manifest = manifest with { Description = document.Text("description", node) },
            ["authors"] = node => manifest = manifest with { Authors = document.Texts("authors", node) },
            ["license"] = node => manifest = manifest with { License = document.Text("license", node) },
            ["source"] = node => manifest = manifest with { Source = document.Text("source", node) },
            ["sources"] = node => manifest = manifest with { Sources = Sources(document, node) },
            ["includes"] = node => manifest = manifest with { Includes = Includes(document, node) },
            ["platforms"] = node => manifest = manifest with { Platforms = Platforms(document, node) },
            ["defines"] = node => manifest = manifest with { Defines = Defines(document, node) },
            ["maps"] = node => said = said with { Maps = document.Named(node, "maps", "print_events: { help: ... }", parts.Map) },
            ["parameters"] = node => said = said with { Parameters = document.Named(node, "parameters", "target_pid: { description: ... }", parts.Parameter) },
            ["programs"] = node => said = said with { Programs = document.Named(node, "programs", "my_program: { description: ... }", parts.Program) },
        });
        return manifest with { Path = document.Path, Metadata = said, Places = document.Places };
    }

    /// <summary>Reads the default name of the image, which must be a valid reference.</summary>
    private static string Name(ManifestDocument document, YamlNode node)
    {
        var name = document.Text("name", node);
        return ImageReference.TryParse(name, out _, out var problem) ? name : throw document.Wrong(node, problem);
    }

    private static string[] Sources(ManifestDocument document, YamlNode node)
    {
        var sources = document.Texts("sources", node);
        if (sources.Length == 0)
        {
            throw document.Wrong(node, "sources is empty. Omit it if the folder has one C file.");
        }

        for (var i = 0; i < sources.Length; i++)
        {
            var at = node is YamlSequenceNode list ? list.Children[i] : node;
            document.Place($"sources/{i}", at);
            if (!sources[i].EndsWith(".c", StringComparison.Ordinal) || Path.IsPathRooted(sources[i]))
            {
                throw document.Wrong(at, $"'{sources[i]}' is not the relative path of a C file, such as mytool.bpf.c.");
            }

            if (Array.IndexOf(sources, sources[i]) != i)
            {
                throw document.Wrong(at, $"'{sources[i]}' occurs twice.");
            }
        }

        return sources;
    }

    private static string[] Includes(ManifestDocument document, YamlNode node)
    {
        var includes = document.Texts("includes", node);
        for (var i = 0; i < includes.Length; i++)
        {
            var at = node is YamlSequenceNode list ? list.Children[i] : node;
            document.Place($"includes/{i}", at);
            if (includes[i].Length == 0 || Path.IsPathRooted(includes[i]))
            {
                throw document.Wrong(at, $"'{includes[i]}' is not the relative path of a folder, such as ../include.");
            }
        }

        return includes;
    }

    private static string[] Platforms(ManifestDocument document, YamlNode node)
    {
        var platforms = document.Texts("platforms", node);
        if (platforms.Length == 0)
        {
            throw document.Wrong(node, "platforms is empty. Omit it to build for this machine's platform.");
        }

        for (var i = 0; i < platforms.Length; i++)
        {
            if (!Platform.TryParse(platforms[i], out _, out var problem))
            {
                throw document.Wrong(node is YamlSequenceNode list ? list.Children[i] : node, problem);
            }
        }

        return platforms;
    }

    private static IReadOnlyList<string> Defines(ManifestDocument document, YamlNode node) => node switch
    {
        YamlSequenceNode list => [.. list.Children.Select(item => Macro(document, item, document.Text("defines", item)))],
        YamlMappingNode map => [.. map.Children.Select(pair => Define(document, pair.Key, pair.Value))],
        _ => throw document.Wrong(node, $"defines must be a list of NAME or NAME=VALUE, or a map of names to values, not {ManifestDocument.Kind(node)}."),
    };

    /// <summary>Reads a macro definition. Numbers and booleans stay as written, because the compiler treats all values as text. Without a value, only the name is defined.</summary>
    private static string Define(ManifestDocument document, YamlNode key, YamlNode value)
    {
        var name = document.Text("a define's name", key);
        return value switch
        {
            YamlScalarNode { Value: null or "", Style: ScalarStyle.Plain } => Macro(document, key, name),
            YamlScalarNode scalar => Macro(document, key, $"{name}={scalar.Value}"),
            _ => throw document.Wrong(value, $"{name} must be a number or text, not {ManifestDocument.Kind(value)}."),
        };
    }

    private static string Macro(ManifestDocument document, YamlNode node, string definition) =>
        MacroDefinition.Fault(definition) is { } fault ? throw document.Wrong(node, fault) : definition;
}

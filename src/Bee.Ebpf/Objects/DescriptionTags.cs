using Bee.Ebpf.Btf;
using Bee.Ebpf.Metadata;
using Bee.Posix;

namespace Bee.Ebpf.Objects;

/// <summary>Reads the metadata in the C file: tags that bee.h's BEE_DESCRIBE attaches to declarations.</summary>
internal static class DescriptionTags
{
    private const string Prefix = "bee.describe:";
    // The depth of anonymous structs that is searched. The depth of types was validated before.
    private const int MaxNesting = 8;

    /// <summary>Returns the metadata of the tags, or null if the object has none.</summary>
    public static ObjectMetadata? Read(ObjectFile file)
    {
        if (file.Btf is null || Tags(file.Btf) is not { Count: > 0 } tags)
        {
            return null;
        }

        var variables = Named(file.Btf, tags, BtfKind.Variable);
        var functions = Named(file.Btf, tags, BtfKind.Function);
        return new ObjectMetadata
        {
            Maps = file.Maps.Where(map => !map.IsInternal || map.Place is not null && variables.ContainsKey(map.Name)).ToDictionary(map => map.Name, map => new MapMetadata { Help = variables.GetValueOrDefault(map.Name), Fields = Fields(map, tags) }),
            Parameters = file.Parameters.Concat(file.Globals.Where(global => variables.ContainsKey(global.Name))).DistinctBy(parameter => parameter.Name).ToDictionary(parameter => parameter.Name, parameter => new ParameterMetadata { Description = variables.GetValueOrDefault(parameter.Name) }),
            Programs = file.Programs.ToDictionary(program => program.Name, program => new ProgramMetadata { Description = functions.GetValueOrDefault(program.Name) }),
        };
    }

    // If a declaration has several tags, the first one wins.
    private static Dictionary<(uint Target, int Component), string> Tags(BtfSpec btf)
    {
        var tags = new Dictionary<(uint, int), string>();
        for (var id = 1; id < btf.Types.Count; id++)
        {
            if (btf.Table.Kind((uint)id) == BtfKind.DeclarationTag
                && btf.Types[id] is BtfDeclarationTag tag
                && tag.Value.StartsWith(Prefix, StringComparison.Ordinal))
            {
                tags.TryAdd((tag.Target.Id, tag.ComponentIndex), TerminalText.Clean(tag.Value[Prefix.Length..]));
            }
        }

        return tags;
    }

    private static Dictionary<string, string> Named(BtfSpec btf, Dictionary<(uint Target, int Component), string> tags, BtfKind kind)
    {
        var named = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var ((target, component), text) in tags)
        {
            if (component < 0 && btf.Types[(int)target] is var type && type.Kind == kind)
            {
                named.TryAdd(type.Name, text);
            }
        }

        return named;
    }

    private static Dictionary<string, FieldMetadata> Fields(MapDescription map, Dictionary<(uint, int), string> tags)
    {
        var fields = new Dictionary<string, FieldMetadata>(StringComparer.Ordinal);
        // If key and value have a field of the same name, the key's field wins.
        Add(map.Key, 0);
        Add(map.Value, 0);
        return fields;

        void Add(BtfType? type, int depth)
        {
            if (type?.Resolve() is not BtfStruct record || depth > MaxNesting)
            {
                return;
            }

            for (var i = 0; i < record.Members.Count; i++)
            {
                if (record.Members[i].Name.Length == 0)
                {
                    Add(record.Members[i].Type, depth + 1);
                }
                else if (tags.TryGetValue((record.Id, i), out var text))
                {
                    fields.TryAdd(record.Members[i].Name, new FieldMetadata { Description = text });
                }
            }
        }
    }
}

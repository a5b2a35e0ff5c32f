using Bee.Ebpf.Btf;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Toolchain.Isolation;

namespace Bee.Toolchain.Manifest;

/// <summary>The metadata of an Inspektor Gadget image (its gadget.yaml) about its object (inspektor-gadget.io, gadget-devel/metadata).</summary>
internal sealed record GadgetMetadata
{
    /// <summary>The name of the file next to a source: <c>gadget.yaml</c>.</summary>
    public const string FileName = "gadget.yaml";

    /// <summary>Empty metadata.</summary>
    public static GadgetMetadata None { get; } = new();

    /// <summary>The display name: <c>trace open</c>.</summary>
    public string? Name { get; init; }

    /// <summary>A one-sentence description.</summary>
    public string? Description { get; init; }

    /// <summary>The URL of the project.</summary>
    public string? Homepage { get; init; }

    /// <summary>The URL of the documentation.</summary>
    public string? Documentation { get; init; }

    /// <summary>The URL of the source.</summary>
    public string? Source { get; init; }

    /// <summary>Metadata of fields by data source and field name: <c>proc.comm</c>, <c>error_raw</c>, <c>error</c>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, FieldMetadata>> Sources { get; init; } = new Dictionary<string, IReadOnlyDictionary<string, FieldMetadata>>();

    /// <summary>Metadata of fields by C struct and field name, as in images before the end of 2024.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, FieldMetadata>> Structs { get; init; } = new Dictionary<string, IReadOnlyDictionary<string, FieldMetadata>>();

    /// <summary>Metadata of parameters by the variable's name.</summary>
    public IReadOnlyDictionary<string, ParameterMetadata> Parameters { get; init; } = new Dictionary<string, ParameterMetadata>();

    /// <summary>Returns the metadata of an object, with the names of its maps, programs and fields. Names that the object does not contain are ignored.</summary>
    /// <param name="file">The object.</param>
    public ObjectMetadata Of(ObjectFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return new ObjectMetadata
        {
            Maps = file.Maps.Where(map => map.DataSource is not null).ToDictionary(map => map.Name, Map),
            Programs = file.Programs.Where(program => program.DataSource is not null).ToDictionary(
                program => program.Name, program => new ProgramMetadata { Fields = Fields(program.DataSource!, program.Record) }),
            Parameters = file.Parameters.Where(parameter => Parameters.ContainsKey(parameter.Name)).DistinctBy(parameter => parameter.Name).ToDictionary(
                parameter => parameter.Name, parameter => Fitting(parameter, Parameters[parameter.Name])),
        };
    }

    private MapMetadata Map(MapDescription map)
    {
        var fields = Fields(map.DataSource!, map.Key, map.Value);
        return new MapMetadata
        {
            Fields = fields,
            // The unit of a histogram is the unit of its slots.
            Unit = map.Role == MapRole.Histogram ? fields.Values.Select(field => field.Unit).FirstOrDefault(unit => unit is not null) : null,
        };
    }

    // Inspektor Gadget's own tool parses defaults as user input, such as 0.0.0.0 for an address. Some of them fit no C type.
    private static ParameterMetadata Fitting(ParameterDescription parameter, ParameterMetadata metadata)
    {
        try
        {
            _ = metadata.Default is null ? null : ParameterEncoder.Encode(parameter, metadata.Default);
            return metadata;
        }
        catch (BpfParameterException)
        {
            return metadata with { Default = null };
        }
    }

    private Dictionary<string, FieldMetadata> Fields(string source, params BtfType?[] records)
    {
        var fields = new Dictionary<string, FieldMetadata>(StringComparer.Ordinal);
        foreach (var record in records)
        {
            if ((Sources.GetValueOrDefault(source) ?? Structs.GetValueOrDefault(record?.Resolve().Name ?? "")) is { } metadata)
            {
                foreach (var (name, words) in GadgetFields.Of(record, metadata))
                {
                    fields.TryAdd(name, words);
                }
            }
        }

        return fields;
    }
}

/// <summary>Reads a <see cref="GadgetMetadata"/>. Get one from <see cref="Isolated.Create{T}"/>.</summary>
internal interface IGadgetMetadataReader
{
    /// <summary>Reads the metadata of an Inspektor Gadget image. Unknown keys and values of the wrong type are ignored.</summary>
    /// <param name="path">The path of the file, for messages.</param>
    /// <param name="text">The YAML text, at most as long as an image may contain.</param>
    /// <exception cref="ManifestException">The text is not YAML, or has an implausible number of parts.</exception>
    GadgetMetadata Read(string path, string text);
}

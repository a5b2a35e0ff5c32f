using Bee.Ebpf.Btf;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Toolchain.Isolation;

namespace Bee.Toolchain.Manifest;

/// <summary>What the metadata of an Inspektor Gadget image (its gadget.yaml) says about the parts of its object (inspektor-gadget.io, gadget-devel/metadata).</summary>
internal sealed record GadgetMetadata
{
    /// <summary>The file's name where it stands beside a source: <c>gadget.yaml</c>.</summary>
    public const string FileName = "gadget.yaml";

    /// <summary>Says nothing.</summary>
    public static GadgetMetadata None { get; } = new();

    /// <summary>The gadget's name, for people: <c>trace open</c>.</summary>
    public string? Name { get; init; }

    /// <summary>One sentence about what it does.</summary>
    public string? Description { get; init; }

    /// <summary>The address of its project.</summary>
    public string? Homepage { get; init; }

    /// <summary>The address of its documentation.</summary>
    public string? Documentation { get; init; }

    /// <summary>The address of its source.</summary>
    public string? Source { get; init; }

    /// <summary>By the name of a source of data, the words about its fields by their names there: <c>proc.comm</c>, <c>error_raw</c>, <c>error</c>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, FieldMetadata>> Sources { get; init; } = new Dictionary<string, IReadOnlyDictionary<string, FieldMetadata>>();

    /// <summary>The same by the name of the C struct, as images before 2024's end have it.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, FieldMetadata>> Structs { get; init; } = new Dictionary<string, IReadOnlyDictionary<string, FieldMetadata>>();

    /// <summary>By the variable's name.</summary>
    public IReadOnlyDictionary<string, ParameterMetadata> Parameters { get; init; } = new Dictionary<string, ParameterMetadata>();

    /// <summary>The words about an object, under the names that its maps, programs and fields have. Whatever the object does not have is left out.</summary>
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
            // Its histograms have one unit, that of the slots.
            Unit = map.Role == MapRole.Histogram ? fields.Values.Select(field => field.Unit).FirstOrDefault(unit => unit is not null) : null,
        };
    }

    // Its own tool has defaults for the words that people type, such as 0.0.0.0 for an address, and some of them fit no C type.
    private static ParameterMetadata Fitting(ParameterDescription parameter, ParameterMetadata said)
    {
        try
        {
            _ = said.Default is null ? null : ParameterEncoder.Encode(parameter, said.Default);
            return said;
        }
        catch (BpfParameterException)
        {
            return said with { Default = null };
        }
    }

    private Dictionary<string, FieldMetadata> Fields(string source, params BtfType?[] records)
    {
        var fields = new Dictionary<string, FieldMetadata>(StringComparer.Ordinal);
        foreach (var record in records)
        {
            if ((Sources.GetValueOrDefault(source) ?? Structs.GetValueOrDefault(record?.Resolve().Name ?? "")) is { } said)
            {
                foreach (var (name, words) in GadgetFields.Of(record, said))
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
    /// <summary>Reads the metadata of an Inspektor Gadget image. What it does not know, and what has another type than it should, is passed over.</summary>
    /// <param name="path">What the text is called in messages: the file that it is from.</param>
    /// <param name="text">The YAML text, as long as an image may have it.</param>
    /// <exception cref="ManifestException">It is no YAML, or says more than any program has parts.</exception>
    GadgetMetadata Read(string path, string text);
}

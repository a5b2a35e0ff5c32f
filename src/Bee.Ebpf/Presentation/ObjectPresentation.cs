namespace Bee.Ebpf;

/// <summary>
/// What an author says about an object's parts beside the code: how maps are shown, what parameters mean, where programs attach. It comes from
/// tags in the C file, from a bee.yaml or from an image's config; <see cref="ObjectFile.WithMetadata"/> puts it into the object's descriptions.
/// </summary>
public sealed record ObjectMetadata
{
    /// <summary>Says nothing.</summary>
    public static ObjectMetadata None { get; } = new();

    /// <summary>By the map's name.</summary>
    public IReadOnlyDictionary<string, MapMetadata> Maps { get; init; } = new Dictionary<string, MapMetadata>();

    /// <summary>By the parameter's name.</summary>
    public IReadOnlyDictionary<string, ParameterMetadata> Parameters { get; init; } = new Dictionary<string, ParameterMetadata>();

    /// <summary>By the program's name, which is the C function's.</summary>
    public IReadOnlyDictionary<string, ProgramMetadata> Programs { get; init; } = new Dictionary<string, ProgramMetadata>();
}

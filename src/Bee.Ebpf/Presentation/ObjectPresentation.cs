namespace Bee.Ebpf;

/// <summary>
/// What an author says about an object's parts beside the code: how maps are shown, what parameters mean, where programs attach. It comes from
/// tags in the C file, from a bee.yaml or from an image's config; <see cref="ObjectFile.Present"/> puts it into the object's descriptions.
/// </summary>
public sealed record ObjectPresentation
{
    /// <summary>Says nothing.</summary>
    public static ObjectPresentation None { get; } = new();

    /// <summary>By the map's name.</summary>
    public IReadOnlyDictionary<string, MapPresentation> Maps { get; init; } = new Dictionary<string, MapPresentation>();

    /// <summary>By the parameter's name.</summary>
    public IReadOnlyDictionary<string, ParameterPresentation> Parameters { get; init; } = new Dictionary<string, ParameterPresentation>();

    /// <summary>By the program's name, which is the C function's.</summary>
    public IReadOnlyDictionary<string, ProgramPresentation> Programs { get; init; } = new Dictionary<string, ProgramPresentation>();
}

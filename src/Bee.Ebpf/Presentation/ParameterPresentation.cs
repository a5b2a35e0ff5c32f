namespace Bee.Ebpf;

/// <summary>What an author says about a parameter. Whatever is null is not said.</summary>
public sealed record ParameterMetadata
{
    /// <summary>Says nothing.</summary>
    public static ParameterMetadata None { get; } = new();

    /// <summary>The name by which people set the parameter, beside the variable's own.</summary>
    public string? Key { get; init; }

    /// <summary>One sentence about what the parameter does.</summary>
    public string? Description { get; init; }

    /// <summary>
    /// The value that the parameter has when nobody sets it, in place of the one in the C file: text as <see cref="ParameterEncoder"/> takes
    /// it, a list of such for arrays, or a dictionary by field name for structs.
    /// </summary>
    public object? Default { get; init; }

    /// <summary>This, and what <paramref name="other"/> says where this says nothing.</summary>
    internal ParameterMetadata Over(ParameterMetadata other) => new()
    {
        Key = Key ?? other.Key,
        Description = Description ?? other.Description,
        Default = Default ?? other.Default,
    };
}

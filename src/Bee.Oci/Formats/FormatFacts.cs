namespace Bee.Oci.Formats;

/// <summary>What an image's format makes of its manifest, config and layers.</summary>
/// <param name="Format">Whose format it is.</param>
internal sealed record FormatFacts(ImageFormat Format)
{
    /// <summary>What it says about its program.</summary>
    public ImageConfig Config { get; init; } = ImageConfig.Empty;

    /// <summary>The layer with the program.</summary>
    public Descriptor? Program { get; init; }

    /// <summary>Why there is no program.</summary>
    public string? WhyNoProgram { get; init; }

    /// <summary>The platform that the config names; null for none.</summary>
    public Platform? Platform { get; init; }

    /// <summary>The date that the config has; null for none.</summary>
    public string? Created { get; init; }

    /// <summary>A container image's labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>An Inspektor Gadget image's metadata.</summary>
    public string? Metadata { get; init; }
}

namespace Bee.Oci.Formats;

/// <summary>Recognises whose format an image has, by its config and its layers, and reads what it says about its program.</summary>
internal static class FormatReader
{
    /// <summary>Reads what the config says; programs are not touched.</summary>
    /// <param name="files">Where the config is.</param>
    /// <param name="artifactType">The manifest's artifactType; null for none.</param>
    /// <param name="config">The config's descriptor; null for none.</param>
    /// <param name="layers">The layers.</param>
    /// <exception cref="StoreException">The config is missing, damaged or too large.</exception>
    public static FormatFacts Read(IBlobs files, string? artifactType, Descriptor? config, IReadOnlyList<Descriptor> layers)
    {
        if (config?.MediaType == MediaTypes.EbpfConfig)
        {
            ImageConfig said = ConfigCheck.Sound(Parse(files, config));
            return new FormatFacts(said.Version is null ? ImageFormat.BumbleBee : ImageFormat.Bee)
            {
                Config = said,
                Program = Object(layers),
                Platform = said is { Os: { } os, Architecture: { } architecture } ? new Platform(os, architecture) : null,
            };
        }

        if (GadgetFormat.Fits(artifactType, config, layers))
        {
            return GadgetFormat.Read(files, config, layers);
        }

        FormatFacts facts = config is not null && MediaTypes.IsContainerConfig(config.MediaType) ? BpfmanFormat.Read(files, config, layers) : new(ImageFormat.Unknown);
        return facts.Format == ImageFormat.Unknown && Object(layers) is { } program
            ? facts with { Format = program.MediaType == MediaTypes.EbpfProgram ? ImageFormat.BumbleBee : ImageFormat.Unknown, Program = program, WhyNoProgram = null }
            : facts;
    }

    private static ImageConfig Parse(IBlobs files, Descriptor config) => OciJson.Read(
        files.ReadBlob(config, StoreLimits.Manifest), OciJson.Canonical.ImageConfig, StoreFault.DamagedConfig, $"config {config.Digest}");

    private static Descriptor? Object(IReadOnlyList<Descriptor> layers) =>
        layers.FirstOrDefault(layer => layer.MediaType == MediaTypes.EbpfProgram)
            ?? layers.FirstOrDefault(layer => layer.Title?.EndsWith(".o", StringComparison.Ordinal) == true);
}

/// <summary>Whose convention an image follows. docs/image-format.md has a sample manifest of each.</summary>
public enum ImageFormat
{
    /// <summary>None that Bee knows.</summary>
    Unknown,

    /// <summary>Bee's: BumbleBee's with Bee's own keys in the config.</summary>
    Bee,

    /// <summary>BumbleBee's: an empty config, and the program as the one layer (github.com/solo-io/bumblebee, pkg/spec).</summary>
    BumbleBee,

    /// <summary>Inspektor Gadget's: metadata in YAML as config, and a layer for the program (inspektor-gadget.io, reference/oci-format).</summary>
    InspektorGadget,

    /// <summary>bpfman's: a container image whose one layer has the program in it, with labels (bpfman.io, "eBPF Bytecode Image Specifications").</summary>
    Bpfman,

    /// <summary>A container that Bee has made around an image: it is run by a container engine.</summary>
    Container,
}

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

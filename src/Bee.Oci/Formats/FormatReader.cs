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

namespace Bee.Oci.Formats;

/// <summary>The media types that Bee writes and reads. The two <c>ebpf.oci.image</c> ones are BumbleBee's.</summary>
public static class MediaTypes
{
    /// <summary>The config of an eBPF image, a JSON object. BumbleBee writes an empty one and ignores keys that it does not know.</summary>
    public const string EbpfConfig = "application/ebpf.oci.image.config.v1+json";

    /// <summary>The layer with the compiled eBPF object (ELF).</summary>
    public const string EbpfProgram = "application/ebpf.oci.image.program.v1+binary";

    /// <summary>An OCI image manifest: one platform.</summary>
    public const string ImageManifest = "application/vnd.oci.image.manifest.v1+json";

    /// <summary>An OCI image index: several platforms, and the type of a layout's own <c>index.json</c>.</summary>
    public const string ImageIndex = "application/vnd.oci.image.index.v1+json";

    /// <summary>Docker's equivalent of <see cref="ImageManifest"/>; read, never written.</summary>
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

    /// <summary>Docker's equivalent of <see cref="ImageIndex"/>; read, never written.</summary>
    public const string DockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json";

    /// <summary>The config of an Inspektor Gadget image: its metadata in YAML.</summary>
    public const string GadgetConfig = "application/vnd.gadget.config.v1+yaml";

    /// <summary>The layer of an Inspektor Gadget image with the compiled eBPF object.</summary>
    public const string GadgetProgram = "application/vnd.gadget.ebpf.program.v1+binary";

    /// <summary>What newer Inspektor Gadget images say that they are, by artifactType.</summary>
    public const string GadgetArtifact = "application/vnd.gadget.v1+binary";

    /// <summary>The config of a container image.</summary>
    public const string ContainerConfig = "application/vnd.oci.image.config.v1+json";

    /// <summary>Docker's equivalent of <see cref="ContainerConfig"/>; read, never written.</summary>
    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";

    internal static bool IsContainerConfig(string? mediaType) => mediaType is ContainerConfig or DockerConfig;

    internal static bool IsIndex(string? mediaType) => mediaType is ImageIndex or DockerManifestList;

    internal static bool IsManifest(string? mediaType) => mediaType is ImageManifest or DockerManifest;
}

namespace Bee.Oci;

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

    internal static bool IsIndex(string? mediaType) => mediaType is ImageIndex or DockerManifestList;

    internal static bool IsManifest(string? mediaType) => mediaType is ImageManifest or DockerManifest;
}

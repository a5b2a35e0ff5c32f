namespace Bee.Oci.Formats;

/// <summary>Refers to content by media type, digest and size (OCI Image Specification 1.1, descriptor.md).</summary>
/// <param name="MediaType">The media type of the content.</param>
/// <param name="Digest">The digest of the content.</param>
/// <param name="Size">The size of the content in bytes.</param>
public sealed record Descriptor(string MediaType, Digest Digest, long Size)
{
    /// <summary>The artifact type of a manifest; null for most images.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>The annotations; never null.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>The platform of the content; null if unspecified.</summary>
    public Platform? Platform { get; init; }

    /// <summary>The title annotation, which is the file name of a blob; null for none.</summary>
    public string? Title => Annotations.GetValueOrDefault(AnnotationKeys.Title);

    /// <summary>The digest.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.DamagedManifest"/>: the document that this descriptor comes from had no valid digest.</exception>
    internal Digest RequiredDigest => Digest.IsEmpty ? throw new StoreException(StoreFault.DamagedManifest, "The manifest has a descriptor without a sha256 digest. Bee does not support other algorithms. Push the image again with sha256 digests.") : Digest;

    /// <summary>Returns the digest.</summary>
    public override string ToString() => Digest.ToString();
}

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

    /// <summary>The artifact type of newer Inspektor Gadget images.</summary>
    public const string GadgetArtifact = "application/vnd.gadget.v1+binary";

    /// <summary>The config of a container image.</summary>
    public const string ContainerConfig = "application/vnd.oci.image.config.v1+json";

    /// <summary>Docker's equivalent of <see cref="ContainerConfig"/>; read, never written.</summary>
    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";

    /// <summary>The empty JSON object, as config or layer of an artifact that has none (OCI Image Specification 1.1, manifest.md).</summary>
    public const string Empty = "application/vnd.oci.empty.v1+json";

    internal static bool IsContainerConfig(string? mediaType) => mediaType is ContainerConfig or DockerConfig;

    internal static bool IsIndex(string? mediaType) => mediaType is ImageIndex or DockerManifestList;

    internal static bool IsManifest(string? mediaType) => mediaType is ImageManifest or DockerManifest;
}

/// <summary>The annotation keys that Bee writes and reads. Most are from the OCI image specification (annotations.md).</summary>
public static class AnnotationKeys
{
    /// <summary>On a descriptor: the file name of a blob. BumbleBee finds its blobs by this, not by media type. On a manifest: the title of the image.</summary>
    public const string Title = "org.opencontainers.image.title";

    /// <summary>On an entry of <c>index.json</c>: the reference under which the image is stored.</summary>
    public const string ReferenceName = "org.opencontainers.image.ref.name";

    /// <summary>On an entry of <c>index.json</c>: the whole reference as containerd and docker write it, while <see cref="ReferenceName"/> is the tag alone.</summary>
    public const string ContainerdName = "io.containerd.image.name";

    /// <summary>The date (RFC 3339). A manifest has it only if the build pinned it; otherwise the entry of <c>index.json</c> has it.</summary>
    public const string Created = "org.opencontainers.image.created";

    /// <summary>The people responsible for the image, in free form.</summary>
    public const string Authors = "org.opencontainers.image.authors";

    /// <summary>The description of the program.</summary>
    public const string Description = "org.opencontainers.image.description";

    /// <summary>SPDX licence expression of the image.</summary>
    public const string Licenses = "org.opencontainers.image.licenses";

    /// <summary>URL of the source.</summary>
    public const string Source = "org.opencontainers.image.source";

    /// <summary>URL of the project.</summary>
    public const string Url = "org.opencontainers.image.url";

    /// <summary>URL of the documentation.</summary>
    public const string Documentation = "org.opencontainers.image.documentation";

    /// <summary>Revision of the source, such as a commit.</summary>
    public const string Revision = "org.opencontainers.image.revision";

    /// <summary>The version of the packaged software.</summary>
    public const string Version = "org.opencontainers.image.version";

    /// <summary>Reference of the image that a container is built on.</summary>
    public const string BaseName = "org.opencontainers.image.base.name";

    /// <summary>Digest of the image that a container is built on.</summary>
    public const string BaseDigest = "org.opencontainers.image.base.digest";
}

namespace Bee.Oci.Formats;

/// <summary>The annotation keys that Bee writes and reads. Most are from the OCI image specification (annotations.md).</summary>
public static class AnnotationKeys
{
    /// <summary>On a descriptor: the file name of a blob. BumbleBee finds its blobs by this, not by media type.</summary>
    public const string Title = "org.opencontainers.image.title";

    /// <summary>On an entry of <c>index.json</c>: the reference under which the image is stored.</summary>
    public const string ReferenceName = "org.opencontainers.image.ref.name";

    /// <summary>On an entry of <c>index.json</c>: the whole reference as containerd and docker write it, where <see cref="ReferenceName"/> is the tag alone.</summary>
    public const string ContainerdName = "io.containerd.image.name";

    /// <summary>RFC 3339 date. In a manifest only when the build pinned it; else on the entry of <c>index.json</c>.</summary>
    public const string Created = "org.opencontainers.image.created";

    /// <summary>Who is responsible for the image, free form.</summary>
    public const string Authors = "org.opencontainers.image.authors";

    /// <summary>What the program does, for people.</summary>
    public const string Description = "org.opencontainers.image.description";

    /// <summary>SPDX licence expression of the image.</summary>
    public const string Licenses = "org.opencontainers.image.licenses";

    /// <summary>URL of the source.</summary>
    public const string Source = "org.opencontainers.image.source";

    /// <summary>Revision of the source, such as a commit.</summary>
    public const string Revision = "org.opencontainers.image.revision";

    /// <summary>Version of what is packed.</summary>
    public const string Version = "org.opencontainers.image.version";

    /// <summary>Reference of the image that a container is built on.</summary>
    public const string BaseName = "org.opencontainers.image.base.name";

    /// <summary>Digest of the image that a container is built on.</summary>
    public const string BaseDigest = "org.opencontainers.image.base.digest";
}

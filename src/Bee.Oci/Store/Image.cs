using Bee.Oci.Formats;
using Bee.Oci.Repositories;

namespace Bee.Oci.Store;

/// <summary>An image of a store, as it was when the store was read. An image with two tags is two objects.</summary>
public sealed class Image
{
    private ImageConfig? _config;
    private Func<ImageConfig>? _describe;

    internal Image(string reference, Descriptor descriptor, string store)
    {
        Descriptor = new ImageBlob(descriptor);
        Store = store;
        Name(reference);
    }

    /// <summary>The name in the store, <c>ghcr.io/me/opensnoop:v1</c>; the digest if the image has no name.</summary>
    public string Reference { get; private set; } = "";

    /// <summary>Registry and repository, <c>ghcr.io/me/opensnoop</c>; empty if the image has no name.</summary>
    public string Repository { get; private set; } = "";

    /// <summary>The tag; null if the name has none.</summary>
    public string? Tag { get; private set; }

    /// <summary>The digest of the manifest, or of the index if the image has several platforms: <c>sha256:…</c>.</summary>
    public string Digest => Descriptor.Digest;

    /// <summary>The size in bytes of all manifests, configs and layers of all platforms; each blob counts once.</summary>
    public long Size { get; internal init; }

    /// <summary>The date of the manifest, otherwise the date when the image was stored, in local time; null if neither is known.</summary>
    public DateTime? Created { get; internal init; }

    /// <summary>The format of the image.</summary>
    public ImageFormat Format { get; internal init; }

    /// <summary>
    /// The description of the program: Bee's config, or bpfman's labels. For an Inspektor Gadget image an <see cref="IProgramDescriber"/>, if the store has one, reads it from the
    /// program at first use. Empty for other images.
    /// </summary>
    public ImageConfig Config
    {
        get => _config ?? (_describe is null ? ImageConfig.Empty : _config = ConfigCheck.Sanitize(_describe()));
        internal init => _config = value;
    }

    /// <summary>The manifest's annotations.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; internal init; } = new Dictionary<string, string>();

    /// <summary>The labels of a container image, such as bpfman's <c>io.ebpf.programs</c>; none for others.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; internal init; } = new Dictionary<string, string>();

    /// <summary>The metadata of an Inspektor Gadget image, as YAML text; null for others.</summary>
    public string? Metadata { get; internal init; }

    /// <summary>The platform of <see cref="Program"/>; null if unknown.</summary>
    public Platform? Platform { get; internal init; }

    /// <summary>All platforms of the image; most have one, empty if unknown.</summary>
    public IReadOnlyList<Platform> Platforms { get; internal init; } = [];

    /// <summary>The directory of the store.</summary>
    public string Store { get; }

    /// <summary>The entry of the store's index.</summary>
    public ImageBlob Descriptor { get; }

    /// <summary>The layer that is the eBPF object, or that contains it (bpfman); null if no layer is recognized.</summary>
    public ImageBlob? Program { get; internal init; }

    /// <summary>All layers of the manifest, including the program.</summary>
    public IReadOnlyList<ImageBlob> Layers { get; internal init; } = [];

    /// <summary>The reason why the image cannot be used, such as a damaged manifest; null for a valid image.</summary>
    public string? Problem => Fault?.Message;

    internal StoreException? Fault { get; init; }

    /// <summary>The reason why a valid image has no <see cref="Program"/>, as part of a sentence ("it has 2 layers"); null if unknown.</summary>
    public string? WhyNoProgram { get; internal init; }

    /// <summary>The maps, from the config.</summary>
    public IReadOnlyList<ImageMap> Maps => Config.Maps;

    /// <summary>The programs, from the config.</summary>
    public IReadOnlyList<ImageProgram> Programs => Config.Programs;

    /// <summary>The parameters, from the config.</summary>
    public IReadOnlyList<ImageParameter> Parameters => Config.Parameters;

    /// <summary>Facts about the build, from the config.</summary>
    public BuildFacts? Build => Config.Build;

    /// <summary>The title from the annotations, or the gadget's name; null if the image has neither.</summary>
    public string? Title => Annotations.GetValueOrDefault(AnnotationKeys.Title) ?? Bee.Oci.Formats.GadgetFormat.Value(Metadata, "name");

    /// <summary>The description from the annotations, the labels, or the gadget's metadata; null if none has it.</summary>
    public string? Description => Annotations.GetValueOrDefault(AnnotationKeys.Description) ?? Labels.GetValueOrDefault(AnnotationKeys.Description) ?? Bee.Oci.Formats.GadgetFormat.Value(Metadata, "description");

    /// <summary>The authors.</summary>
    public string? Authors => Annotations.GetValueOrDefault(AnnotationKeys.Authors);

    /// <summary>SPDX licence expression.</summary>
    public string? License => Annotations.GetValueOrDefault(AnnotationKeys.Licenses);

    /// <summary>URL of the source.</summary>
    public string? Source => Annotations.GetValueOrDefault(AnnotationKeys.Source) ?? Bee.Oci.Formats.GadgetFormat.Value(Metadata, "sourceURL");

    /// <summary>URL of the project.</summary>
    public string? Url => Annotations.GetValueOrDefault(AnnotationKeys.Url) ?? Bee.Oci.Formats.GadgetFormat.Value(Metadata, "homepageURL");

    /// <summary>URL of the documentation.</summary>
    public string? Documentation => Annotations.GetValueOrDefault(AnnotationKeys.Documentation) ?? Bee.Oci.Formats.GadgetFormat.Value(Metadata, "documentationURL");

    /// <summary>Revision of the source.</summary>
    public string? Revision => Annotations.GetValueOrDefault(AnnotationKeys.Revision);

    /// <summary>Sets the function that reads the description at first use.</summary>
    internal void DescribeBy(Func<ImageConfig> describe) => (_config, _describe) = (null, describe);

    /// <summary>Returns the same image under its name in a registry. The store is not changed.</summary>
    /// <param name="reference">The name.</param>
    public Image As(ImageReference reference)
    {
        var other = (Image)MemberwiseClone();
        other.Name(reference.ToString());
        return other;
    }

    /// <summary>The reference.</summary>
    public override string ToString() => Reference;

    private void Name(string reference)
    {
        Reference = reference;
        ImageReference? parsed = null;
        bool isNamed = reference != Digest;
        Repository = isNamed ? ImageReference.TryParse(reference, out parsed) ? parsed.Name : reference : "";
        Tag = parsed?.Tag;
    }
}

/// <summary>
/// The descriptor of a blob of an image, with its digest as text: scripts compare it, use it as a key and serialize it. Converts to a <see cref="Formats.Descriptor"/>.
/// </summary>
public sealed class ImageBlob
{
    private readonly Descriptor _descriptor;

    internal ImageBlob(Descriptor descriptor) => _descriptor = descriptor;

    /// <summary>The media type of the content.</summary>
    public string MediaType => _descriptor.MediaType;

    /// <summary>The digest of the content, <c>sha256:…</c>.</summary>
    public string Digest => _descriptor.Digest.ToString();

    /// <summary>The size of the content in bytes.</summary>
    public long Size => _descriptor.Size;

    /// <summary>The artifact type of a manifest; null for most images.</summary>
    public string? ArtifactType => _descriptor.ArtifactType;

    /// <summary>The annotations; never null.</summary>
    public IReadOnlyDictionary<string, string> Annotations => _descriptor.Annotations;

    /// <summary>The platform of the content; null if unspecified.</summary>
    public Platform? Platform => _descriptor.Platform;

    /// <summary>The title annotation, which is the file name of a blob; null for none.</summary>
    public string? Title => _descriptor.Title;

    /// <summary>Returns the descriptor.</summary>
    public static implicit operator Descriptor(ImageBlob blob) => blob.ToDescriptor();

    /// <summary>Returns the descriptor.</summary>
    public Descriptor ToDescriptor() => _descriptor;

    /// <summary>Returns the digest.</summary>
    public override string ToString() => Digest;
}

/// <summary>The result of <see cref="ImageStore.Remove"/>.</summary>
/// <param name="References">The removed names.</param>
/// <param name="Digest">The digest of the image.</param>
/// <param name="BlobsDeleted">The number of deleted blobs, which nothing refers to any more.</param>
/// <param name="BytesFreed">Their bytes.</param>
public sealed record RemoveResult(IReadOnlyList<string> References, Digest Digest, int BlobsDeleted, long BytesFreed);

/// <summary>Describes the program of an image that has no description, such as Inspektor Gadget's, from the eBPF object.</summary>
internal interface IProgramDescriber
{
    /// <summary>Describes a program. Thread-safe.</summary>
    /// <param name="program">The eBPF object; any bytes.</param>
    /// <param name="metadata">The metadata of the image, in its own format; may be null.</param>
    /// <returns>The description; <see cref="ImageConfig.Empty"/> if the bytes are not an eBPF object.</returns>
    ImageConfig Describe(byte[] program, string? metadata);
}

/// <summary>The verification of one piece of an image.</summary>
/// <param name="Role">The role of the piece.</param>
/// <param name="Descriptor">The descriptor of the piece.</param>
/// <param name="Fault">The error: the piece is missing, unreadable, or has another digest or size; null if it is valid.</param>
public sealed record BlobCheck(BlobRole Role, Descriptor Descriptor, StoreException? Fault);

using Bee.Oci.Formats;
using Bee.Oci.Repositories;

namespace Bee.Oci.Store;

/// <summary>An image of a store, as it was when the store was read. Two tags of one image are two of these.</summary>
public sealed class Image
{
    private ImageConfig? _config;
    private Func<ImageConfig>? _describe;

    internal Image(string reference, Descriptor descriptor, string store)
    {
        Descriptor = descriptor;
        Store = store;
        Name(reference);
    }

    /// <summary>The whole name under which the store has it, <c>ghcr.io/me/opensnoop:v1</c>; its digest if it has no name.</summary>
    public string Reference { get; private set; } = "";

    /// <summary>Registry and repository, <c>ghcr.io/me/opensnoop</c>; empty if the image has no name.</summary>
    public string Repository { get; private set; } = "";

    /// <summary>The tag; null if the name has none.</summary>
    public string? Tag { get; private set; }

    /// <summary>Digest of the manifest, or of the index where the image has several platforms: <c>sha256:…</c>.</summary>
    public string Digest => Descriptor.Digest.ToString();

    /// <summary>Bytes of all manifests, configs and layers together, of all platforms; each blob counts once.</summary>
    public long Size { get; internal init; }

    /// <summary>Local time: the manifest's date, else when it was put into the store; null if nothing tells.</summary>
    public DateTime? Created { get; internal init; }

    /// <summary>Whose convention the image follows.</summary>
    public ImageFormat Format { get; internal init; }

    /// <summary>
    /// What the image says about its program: Bee's config, or what bpfman's labels say, in their words; of Inspektor Gadget's what a <see cref="IProgramDescriber"/> reads out of the
    /// program at the first use, where the stores were given one; empty for others.
    /// </summary>
    public ImageConfig Config
    {
        get => _config ?? (_describe is null ? ImageConfig.Empty : _config = ConfigCheck.Sound(_describe()));
        internal init => _config = value;
    }

    /// <summary>The manifest's annotations.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; internal init; } = new Dictionary<string, string>();

    /// <summary>The labels of a container image, such as bpfman's <c>io.ebpf.programs</c>; none for others.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; internal init; } = new Dictionary<string, string>();

    /// <summary>The metadata of an Inspektor Gadget image, as the YAML text that it is; null for others.</summary>
    public string? Metadata { get; internal init; }

    /// <summary>The platform that <see cref="Program"/> is for; null if nothing tells.</summary>
    public Platform? Platform { get; internal init; }

    /// <summary>All platforms of the image; one for most, none if nothing tells.</summary>
    public IReadOnlyList<Platform> Platforms { get; internal init; } = [];

    /// <summary>Directory of the store that it is in.</summary>
    public string Store { get; }

    /// <summary>The entry of the store's index.</summary>
    public Descriptor Descriptor { get; }

    /// <summary>The layer that is the eBPF object, or has it in it (bpfman's); null if the image has none that is recognised.</summary>
    public Descriptor? Program { get; internal init; }

    /// <summary>All layers of the manifest, with the program.</summary>
    public IReadOnlyList<Descriptor> Layers { get; internal init; } = [];

    /// <summary>Why the image cannot be used: damaged, missing, unknown; null for a sound one.</summary>
    public string? Problem => Fault?.Message;

    internal StoreException? Fault { get; init; }

    /// <summary>Why there is no <see cref="Program"/> though the image is sound, as part of a sentence ("it has 2 layers"); null where nothing more is known.</summary>
    public string? WhyNoProgram { get; internal init; }

    /// <summary>The maps, by what the config says.</summary>
    public IReadOnlyList<ImageMap> Maps => Config.Maps;

    /// <summary>The programs, by what the config says.</summary>
    public IReadOnlyList<ImageProgram> Programs => Config.Programs;

    /// <summary>The parameters, by what the config says.</summary>
    public IReadOnlyList<ImageParameter> Parameters => Config.Parameters;

    /// <summary>How it was built, by what the config says.</summary>
    public BuildFacts? Build => Config.Build;

    /// <summary>Its name, for people.</summary>
    public string? Title => Annotations.GetValueOrDefault(AnnotationKeys.Title) ?? Bee.Oci.Formats.GadgetFormat.Value(Metadata, "name");

    /// <summary>What it does.</summary>
    public string? Description => Annotations.GetValueOrDefault(AnnotationKeys.Description) ?? Labels.GetValueOrDefault(AnnotationKeys.Description) ?? Bee.Oci.Formats.GadgetFormat.Value(Metadata, "description");

    /// <summary>Who is responsible for it.</summary>
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

    /// <summary>Takes the description from elsewhere, when it is asked for.</summary>
    internal void DescribeBy(Func<ImageConfig> describe) => (_config, _describe) = (null, describe);

    /// <summary>The same image under the name that it has elsewhere, in a registry. The store is not asked, and does not learn that name.</summary>
    /// <param name="reference">The other name.</param>
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

/// <summary>What <see cref="ImageStore.Remove"/> did.</summary>
/// <param name="References">The names that are gone.</param>
/// <param name="Digest">Digest of the image.</param>
/// <param name="BlobsDeleted">Blobs deleted, since nothing refers to them any more.</param>
/// <param name="BytesFreed">Their bytes.</param>
public sealed record RemoveResult(IReadOnlyList<string> References, Digest Digest, int BlobsDeleted, long BytesFreed);

/// <summary>Describes the programs of images that do not describe them themselves, as Inspektor Gadget's do not: out of the object.</summary>
internal interface IProgramDescriber
{
    /// <summary>What a program has in it. Safe to call on any thread.</summary>
    /// <param name="program">The eBPF object; any bytes.</param>
    /// <param name="metadata">What the image says about it, in its own format; null for nothing.</param>
    /// <returns>The description; <see cref="ImageConfig.Empty"/> where the bytes are no object.</returns>
    ImageConfig Describe(byte[] program, string? metadata);
}

/// <summary>A piece of an image, and whether it is what its digest says.</summary>
/// <param name="Role">What it is.</param>
/// <param name="Descriptor">Its digest and length, as the image has them.</param>
/// <param name="Fault">What is wrong with it: missing, of another digest or length, not readable; null for a sound one.</param>
public sealed record BlobCheck(BlobRole Role, Descriptor Descriptor, StoreException? Fault);

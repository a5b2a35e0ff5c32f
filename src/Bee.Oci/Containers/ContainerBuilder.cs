using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Oci.Store;

namespace Bee.Oci.Containers;

/// <summary>The parts of a container image. The same parts always yield the same digest.</summary>
/// <param name="Tool">The eBPF image, from any store.</param>
/// <param name="Base">A container image that contains Bee, and whose entry point runs images.</param>
internal sealed record ContainerRequest(Image Tool, Image Base)
{
    /// <summary>The platforms to build for; empty for those that the tool and the base have in common.</summary>
    public IReadOnlyList<Platform> Platforms { get; init; } = [];

    /// <summary>Labels for the configuration, in addition to those that describe the tool.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>Builds container images around tools, without a container engine.</summary>
/// <param name="stores">The stores of tools and bases. Containers are written to the user's own store.</param>
internal sealed class ContainerBuilder(ImageStores stores)
{
    /// <summary>
    /// Builds a container image and stores it under a name: the layers of a base, a layer with the tool and its signatures, and a configuration that starts the tool.
    /// </summary>
    /// <param name="request">The parts of the container.</param>
    /// <param name="reference">The name. An existing image of this name loses it.</param>
    /// <returns>The container.</returns>
    /// <exception cref="StoreException">The base is not suitable (<see cref="StoreFault.NotABase"/>), a platform does not match (<see cref="StoreFault.BadPlatform"/>), a part is damaged, or the disk reports an error. The store is unchanged.</exception>
    public Image Build(ContainerRequest request, ImageReference reference)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Tool.Fault is { } fault)
        {
            throw new StoreException(fault.Fault, fault.Message, fault);
        }

        using var layer = new MemoryStream();
        stores.Export([request.Tool], layer, ContainerLabels.StorePath.TrimStart('/'));

        // A container refers to the layers of its base, so they must be in the same store.
        ImageStore own = stores.Own;
        Image lower = request.Base.Store == own.Path ? request.Base : stores.Tag(request.Base, ImageReference.Parse(request.Base.Reference));
        using LayoutFiles files = own.Open() ?? throw own.Gone();
        var packed = PackedContainer.From(files, request with { Base = lower }, layer.ToArray());
        string name = ImageStore.NameFor(reference, packed.Descriptor.Digest);
        return own.Writer.Name([new StagedImage(name, packed.Descriptor, packed.Blobs, packed.Parts, [])]) is [var missing, ..]
            ? throw new StoreException(StoreFault.MissingBlob, $"The base '{lower.Reference}' is incomplete: the blob {missing.Digest} is missing.")
            : own.Stored(name, packed.Descriptor);
    }
}

/// <summary>
/// A container image with the layers of a base and one layer with a tool: an image layout in <see cref="ContainerLabels.StorePath"/>. Its bytes do not depend on the time or place of
/// the build.
/// </summary>
internal sealed class PackedContainer
{
    private const string Layer = "application/vnd.oci.image.layer.v1.tar";
    private const string DockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
    private const string Gzip = "+gzip";

    private readonly LayoutFiles _files;
    private readonly ContainerRequest _request;
    private readonly Dictionary<Digest, byte[]> _blobs = [];
    private readonly Dictionary<string, Descriptor> _parts = [];

    private PackedContainer(LayoutFiles files, ContainerRequest request) => (_files, _request) = (files, request);

    /// <summary>The new blobs: the layer, the configurations, the manifests and the index.</summary>
    public IReadOnlyCollection<byte[]> Blobs => _blobs.Values;

    /// <summary>The layers of the base, which must be in the store.</summary>
    public IReadOnlyCollection<Descriptor> Parts => _parts.Values;

    /// <summary>The descriptor of the manifest, or of the index if there are several platforms.</summary>
    public Descriptor Descriptor { get; private set; } = null!;

    /// <summary>Builds a container image in memory.</summary>
    /// <param name="files">The store of the base.</param>
    /// <param name="request">The parts of the container.</param>
    /// <param name="tool">The layer of the tool, as a tar archive.</param>
    /// <exception cref="StoreException">The base is damaged, is not a base, or lacks a requested platform.</exception>
    public static PackedContainer From(LayoutFiles files, ContainerRequest request, byte[] tool)
    {
        var packed = new PackedContainer(files, request);
        packed.Pack(tool);
        return packed;
    }

    private void Pack(byte[] tool)
    {
        byte[] layer = StoredGzip.Write(tool);
        string diffId = Digest.Of(tool).ToString();
        Descriptor layerDescriptor = Add(Layer + Gzip, layer) with { Annotations = new Dictionary<string, string> { [AnnotationKeys.Title] = "tool.tar.gz" } };
        Descriptor[] manifests = [.. Chosen().Select(chosen => Manifest(chosen.Manifest, chosen.Platform, layerDescriptor, diffId))];
        Descriptor = manifests is [var only] ? only : Add(MediaTypes.ImageIndex, OciJson.Write(
            new ManifestDocument
            {
                MediaType = MediaTypes.ImageIndex,
                Manifests = [.. manifests.Select(DescriptorDocument.From)],
                Annotations = DescriptorDocument.Sorted(Annotations()),
            },
            OciJson.Canonical.ManifestDocument));
    }

    private Descriptor Manifest(Descriptor of, Platform platform, Descriptor layer, string diffId)
    {
        ManifestDocument manifest = ReadManifest(of);
        DescriptorDocument config = manifest.Config is { } found && MediaTypes.IsContainerConfig(found.MediaType) ? found : throw NotABase("is not a container image");
        var container = ContainerConfig.Read(_files.ReadBlob(config.ToDescriptor(), StoreLimits.Manifest), config.Digest!);
        if (container.Label(ContainerLabels.Base) is null || container.Entrypoint.Count == 0)
        {
            throw NotABase($"is a container image without the label {ContainerLabels.Base} and an entry point");
        }

        List<DescriptorDocument> layers = [.. (manifest.Layers ?? []).Select(one => Part(one, of))];
        container.AddLayer(diffId, $"bee: {_request.Tool.Digest}", layers.Count);
        container.Start([.. container.Entrypoint, _request.Tool.Digest]);
        container.SetLabels(Labels());
        if (PackedImage.SourceDate() is { } date)
        {
            container.SetCreated(PackedImage.Date(date));
        }

        return Add(MediaTypes.ImageManifest, OciJson.Write(
            new ManifestDocument
            {
                MediaType = MediaTypes.ImageManifest,
                Config = DescriptorDocument.From(Add(MediaTypes.ContainerConfig, container.Write())),
                Layers = [.. layers, DescriptorDocument.From(layer)],
                Annotations = DescriptorDocument.Sorted(Annotations()),
            },
            OciJson.Canonical.ManifestDocument)) with
        { Platform = platform };
    }

    // The bytes of docker's layers are the same as those of OCI, under other media types.
    private DescriptorDocument Part(DescriptorDocument? document, Descriptor of)
    {
        if (document is null || document.Size < 0 || !Digest.TryParse(document.Digest, out _))
        {
            throw new StoreException(StoreFault.DamagedManifest, $"The manifest {of.Digest} has a descriptor without a sha256 digest or a size.");
        }

        DescriptorDocument part = document.Copy();
        part.MediaType = part.MediaType switch
        {
            DockerLayer + ".gzip" => Layer + Gzip,
            DockerLayer => Layer,
            { } other when other.StartsWith(Layer, StringComparison.Ordinal) => other,
            _ => throw NotABase($"has a layer of the type {part.MediaType}, which is not a file system layer"),
        };
        _parts.TryAdd(part.Digest!, part.ToDescriptor());
        return part;
    }

    private List<(Descriptor Manifest, Platform Platform)> Chosen()
    {
        List<(Descriptor Manifest, Platform Platform)> all = [.. BaseManifests()];
        IReadOnlyList<Platform> tool = _request.Tool.Platforms;
        List<(Descriptor Manifest, Platform Platform)> chosen = [];
        foreach (Platform wanted in _request.Platforms)
        {
            Descriptor found = PlatformChoice.For(all.Select(one => one.Manifest with { Platform = one.Platform }), wanted)
                ?? throw new StoreException(StoreFault.BadPlatform, $"The base '{_request.Base.Reference}' is not for {wanted}; it is for {string.Join(", ", all.Select(one => one.Platform))}.");
            if (tool.Count > 0 && !tool.Any(one => PlatformChoice.Fits(one, wanted)))
            {
                throw new StoreException(StoreFault.BadPlatform, $"The image '{_request.Tool.Reference}' is not for {wanted}; it is for {string.Join(", ", tool)}.");
            }

            if (!chosen.Exists(one => one.Manifest.Digest == found.Digest))
            {
                chosen.Add((found, found.Platform!));
            }
        }

        if (_request.Platforms.Count == 0)
        {
            chosen = all.FindAll(one => tool.Count == 0 || tool.Any(of => PlatformChoice.Fits(of, one.Platform)));
        }

        return chosen.Count > 0 ? chosen : throw new StoreException(
            StoreFault.BadPlatform,
            $"The base '{_request.Base.Reference}' is for {string.Join(", ", all.Select(one => one.Platform))}, and the image '{_request.Tool.Reference}' for {string.Join(", ", tool)}.");
    }

    private IEnumerable<(Descriptor Manifest, Platform Platform)> BaseManifests()
    {
        Descriptor top = _request.Base.Descriptor;
        if (!MediaTypes.IsIndex(top.MediaType))
        {
            return [(top, _request.Base.Platform ?? throw NotABase("does not name its platform"))];
        }

        // The content of a store is available synchronously.
        return PlatformManifests.FindAsync(top, index => ValueTask.FromResult<ManifestDocument?>(ReadManifest(index)))
            .AsTask().GetAwaiter().GetResult()
            .Where(manifest => manifest.Descriptor.Platform is not null)
            .Select(manifest => (manifest.Descriptor, manifest.Descriptor.Platform!));
    }

    private ManifestDocument ReadManifest(Descriptor descriptor) => ManifestDocument.Read(_files.ReadBlob(descriptor, StoreLimits.Manifest), descriptor);

    private Dictionary<string, string> Labels() => new(_request.Labels.Concat(Annotations()).GroupBy(pair => pair.Key).Select(group => group.First()));

    private Dictionary<string, string> Annotations()
    {
        Image tool = _request.Tool;
        var annotations = new Dictionary<string, string>
        {
            [ContainerLabels.ToolDigest] = tool.Digest,
            [AnnotationKeys.BaseDigest] = _request.Base.Digest,
        };
        Put(ContainerLabels.ToolReference, tool.Repository.Length > 0 ? tool.Reference : null);
        Put(AnnotationKeys.BaseName, _request.Base.Repository.Length > 0 ? _request.Base.Reference : null);
        Put(AnnotationKeys.Title, tool.Repository.Length > 0 ? tool.Repository[(tool.Repository.LastIndexOf('/') + 1)..] : null);
        Put(AnnotationKeys.Version, tool.Tag);
        Put(AnnotationKeys.Authors, tool.Authors);
        Put(AnnotationKeys.Description, tool.Description);
        Put(AnnotationKeys.Licenses, tool.License);
        Put(AnnotationKeys.Source, tool.Source);
        Put(AnnotationKeys.Revision, tool.Revision);
        return annotations;

        void Put(string key, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                annotations[key] = value;
            }
        }
    }

    private Descriptor Add(string mediaType, byte[] content)
    {
        var descriptor = new Descriptor(mediaType, Digest.Of(content), content.Length);
        _blobs.TryAdd(descriptor.Digest, content);
        return descriptor;
    }

    private StoreException NotABase(string why) => new(
        StoreFault.NotABase,
        $"No container can be built on '{_request.Base.Reference}': it {why}. A base contains Bee; deploy/Containerfile builds one.");
}

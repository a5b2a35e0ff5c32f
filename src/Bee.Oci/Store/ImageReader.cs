using Bee.Oci.Formats;
using Bee.Oci.Json;

namespace Bee.Oci.Store;

/// <summary>Makes <see cref="Image"/>s of index entries. Manifests and configs are small, so their digests are checked each time; programs are not touched.</summary>
internal sealed class ImageReader(IBlobs files, string store)
{
    /// <summary>The image of an entry. What is wrong with it does not throw, but stands in <see cref="Image.Fault"/>.</summary>
    public Image Read(DescriptorDocument entry)
    {
        Descriptor descriptor = entry.ToDescriptor();
        string reference = Printable.Text(entry.ReferenceName ?? descriptor.Digest);
        try
        {
            return Read(reference, descriptor);
        }
        catch (StoreException e)
        {
            return new Image(reference, descriptor, store) { Fault = e, Size = Math.Max(0, descriptor.Size), Created = Date(descriptor.Annotations) };
        }
    }

    /// <summary>Reads a manifest or an index.</summary>
    /// <exception cref="StoreException">It is missing, not what its digest says, or no such thing.</exception>
    public ManifestDocument ReadManifest(Descriptor descriptor) =>
        ManifestDocument.Read(files.ReadBlob(descriptor, StoreLimits.Manifest), descriptor);

    private Image Read(string reference, Descriptor descriptor)
    {
        if (!MediaTypes.IsIndex(descriptor.MediaType))
        {
            return ReadSingle(reference, descriptor, descriptor, descriptor.Platform is { } only ? [only] : [], 0, []);
        }

        ManifestDocument index = ReadManifest(descriptor);
        List<Descriptor> children = Descriptors(index.Manifests, descriptor);

        // What other tools say of an image's making (attestations) stands in the index as a manifest for no platform.
        children.RemoveAll(c => c.Platform is { Os: "unknown" });
        Platform[] platforms = [.. children.Select(c => c.Platform).OfType<Platform>()];
        Descriptor? child = PlatformChoice.For(children, Platform.Host)
            ?? (children is [var sole] ? sole : null);
        if (child is null || MediaTypes.IsIndex(child.MediaType))
        {
            return new Image(reference, descriptor, store)
            {
                Size = descriptor.Size,
                Platforms = platforms,
                Annotations = Printable.Annotations(index.Annotations),
                Created = Date(Printable.Annotations(index.Annotations)) ?? Date(descriptor.Annotations),
            };
        }

        return ReadSingle(reference, descriptor, child, platforms, descriptor.Size, Printable.Annotations(index.Annotations));
    }

    private Image ReadSingle(
        string reference,
        Descriptor entry,
        Descriptor descriptor,
        IReadOnlyList<Platform> platforms,
        long above,
        IEnumerable<KeyValuePair<string, string>> inherited)
    {
        ManifestDocument manifest = ReadManifest(descriptor);
        List<Descriptor> layers = Descriptors(manifest.Layers, descriptor);
        Descriptor? configBlob = manifest.Config is null ? null : Descriptors([manifest.Config], descriptor)[0];
        FormatFacts facts = FormatReader.Read(files, manifest.ArtifactType, configBlob, layers);
        Platform? platform = descriptor.Platform ?? facts.Platform;

        var annotations = new SortedDictionary<string, string>(inherited.ToDictionary(), StringComparer.Ordinal);
        foreach ((string key, string value) in Printable.Annotations(manifest.Annotations))
        {
            annotations[key] = value;
        }

        return new Image(reference, entry, store)
        {
            Size = (configBlob is null ? layers : layers.Prepend(configBlob)).Aggregate(above + descriptor.Size, Sum),
            Created = Date(annotations) ?? CreationDate.Read(facts.Created) ?? Date(entry.Annotations),
            Format = facts.Format,
            Config = facts.Config,
            Labels = facts.Labels,
            Metadata = facts.Metadata,
            Annotations = annotations,
            Platform = platform,
            Platforms = platforms.Count == 0 && platform is not null ? [platform] : platforms,
            Layers = layers,
            Program = facts.Program,
            WhyNoProgram = facts.WhyNoProgram,
        };
    }

    /// <summary>Sizes come from the manifest, so they may be absurd.</summary>
    private static long Sum(long sum, Descriptor layer) => sum > long.MaxValue - layer.Size ? long.MaxValue : sum + layer.Size;

    private static List<Descriptor> Descriptors(List<DescriptorDocument?>? documents, Descriptor of)
    {
        var descriptors = new List<Descriptor>();
        foreach (DescriptorDocument? document in documents ?? [])
        {
            if (document is null || document.Size < 0 || !ContentDigest.TryParse(document.Digest, out _))
            {
                throw new StoreException(StoreFault.DamagedManifest, $"The manifest {of.Digest} has a descriptor without a sha256 digest or a size.");
            }

            descriptors.Add(document.ToDescriptor());
        }

        return descriptors;
    }

    private static DateTime? Date(IReadOnlyDictionary<string, string> annotations) => CreationDate.Read(annotations.GetValueOrDefault(AnnotationKeys.Created));
}

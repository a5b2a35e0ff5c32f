using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Posix;

namespace Bee.Oci.Store;

/// <summary>Makes <see cref="Image"/>s of index entries. Manifests and configs are small, so their digests are checked each time; programs are not touched.</summary>
internal sealed class ImageReader(IBlobs files, string store)
{
    // As deep, and as many, as Closure goes.
    private const int Depth = 3;
    private const int MostPieces = 10_000;

    /// <summary>The image of an entry. What is wrong with it does not throw, but stands in <see cref="Image.Fault"/>.</summary>
    public Image Read(DescriptorDocument entry)
    {
        var descriptor = entry.ToDescriptor();
        string reference = TerminalText.Clean(entry.ReferenceName ?? descriptor.Digest);
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
        ManifestDocument top = ReadManifest(descriptor);
        long size = SizeOf(descriptor, top);
        if (!MediaTypes.IsIndex(descriptor.MediaType))
        {
            return ReadSingle(reference, descriptor, new PlatformManifest(descriptor, new Dictionary<string, string>()), descriptor.Platform is { } only ? [only] : [], size);
        }

        StoreException? fault = null;
        IndexContent Open(Descriptor index)
        {
            try
            {
                ManifestDocument document = index.Digest == descriptor.Digest ? top : ReadManifest(index);
                return new IndexContent(Descriptors(document.Manifests, index), Printable.Annotations(document.Annotations));
            }
            catch (StoreException e) when (index.Digest != descriptor.Digest)
            {
                // It may be for another platform, and then it is of no interest here.
                fault ??= e;
                return new IndexContent([], new Dictionary<string, string>());
            }
        }

        // What is given is there at once.
        IReadOnlyList<PlatformManifest> manifests = PlatformManifests.FindAsync(descriptor, index => ValueTask.FromResult(Open(index))).AsTask().GetAwaiter().GetResult();
        Platform[] platforms = [.. manifests.Select(manifest => manifest.Descriptor.Platform).OfType<Platform>().Distinct()];
        Descriptor? chosen = PlatformChoice.For(manifests.Select(manifest => manifest.Descriptor), Platform.Host);
        PlatformManifest? child = chosen is not null ? manifests.First(manifest => manifest.Descriptor == chosen) : fault is null && manifests is [var sole] ? sole : null;
        if (child is not null)
        {
            return ReadSingle(reference, descriptor, child, platforms, size);
        }

        return fault is not null ? throw fault : new Image(reference, descriptor, store)
        {
            Size = size,
            Platforms = platforms,
            Annotations = Printable.Annotations(top.Annotations),
            Created = Date(Printable.Annotations(top.Annotations)) ?? Date(descriptor.Annotations),
        };
    }

    private Image ReadSingle(string reference, Descriptor entry, PlatformManifest chosen, IReadOnlyList<Platform> platforms, long size)
    {
        Descriptor descriptor = chosen.Descriptor;
        ManifestDocument manifest = ReadManifest(descriptor);
        List<Descriptor> layers = Descriptors(manifest.Layers, descriptor);
        Descriptor? configBlob = manifest.Config is null ? null : Descriptors([manifest.Config], descriptor)[0];
        FormatFacts facts = FormatReader.Read(files, manifest.ArtifactType, configBlob, layers);
        Platform? platform = descriptor.Platform ?? facts.Platform;

        var annotations = new SortedDictionary<string, string>(chosen.Annotations.ToDictionary(), StringComparer.Ordinal);
        foreach ((string key, string value) in Printable.Annotations(manifest.Annotations))
        {
            annotations[key] = value;
        }

        return new Image(reference, entry, store)
        {
            Size = size,
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

    /// <summary>The bytes of all manifests, configs and layers of an image, each digest once. What cannot be read counts by its descriptor.</summary>
    private long SizeOf(Descriptor top, ManifestDocument document)
    {
        var seen = new HashSet<string>();
        long sum = 0;
        void Add(Descriptor descriptor, ManifestDocument? manifest, int depth)
        {
            if (seen.Count >= MostPieces || !seen.Add(descriptor.Digest))
            {
                return;
            }

            // Sizes come from the manifest, so they may be absurd.
            sum = descriptor.Size < 0 || sum > long.MaxValue - descriptor.Size ? sum : sum + descriptor.Size;
            foreach (DescriptorDocument? blob in manifest is null ? [] : (IEnumerable<DescriptorDocument?>)[manifest.Config, .. manifest.Layers ?? []])
            {
                if (blob is not null)
                {
                    Add(blob.ToDescriptor(), null, 0);
                }
            }

            foreach (DescriptorDocument? child in manifest?.Manifests ?? [])
            {
                if (child is not null)
                {
                    Add(child.ToDescriptor(), depth == 0 ? null : TryReadManifest(child.ToDescriptor()), depth - 1);
                }
            }
        }

        Add(top, document, Depth);
        return sum;
    }

    private ManifestDocument? TryReadManifest(Descriptor descriptor)
    {
        try
        {
            return ReadManifest(descriptor);
        }
        catch (StoreException)
        {
            return null;
        }
    }

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

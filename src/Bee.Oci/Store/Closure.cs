using Bee.Oci.Formats;

namespace Bee.Oci.Store;

/// <summary>Everything that an image refers to.</summary>
internal sealed class Closure(LayoutFiles files, string store)
{
    // An index of indexes is allowed; deeper nesting has no use that anyone knows of.
    private const int Depth = 4;

    // More than any image has; a hostile one must not make Bee walk for hours.
    private const int Count = 10_000;

    /// <summary>The image's own descriptor and those of all manifests, configs and layers below it, each digest once.</summary>
    /// <exception cref="StoreException">A manifest on the way is missing or damaged.</exception>
    public IReadOnlyCollection<Descriptor> Of(Descriptor image)
    {
        var found = new Dictionary<string, Descriptor>();
        Walk(image, found, Depth);
        return found.Values;
    }

    private void Walk(Descriptor descriptor, Dictionary<string, Descriptor> found, int depth)
    {
        if (depth == 0 || found.Count > Count)
        {
            throw new StoreException(StoreFault.DamagedManifest, $"The image's manifests are nested too deep or too many, at {descriptor.Digest}.");
        }

        if (!found.TryAdd(descriptor.Digest, descriptor))
        {
            return;
        }

        ManifestDocument manifest = new ImageReader(files, store).ReadManifest(descriptor);
        foreach (DescriptorDocument? child in manifest.Manifests ?? [])
        {
            Walk(Sound(child, descriptor), found, depth - 1);
        }

        IEnumerable<DescriptorDocument?> blobs = manifest.Layers ?? [];
        foreach (DescriptorDocument? blob in manifest.Config is null ? blobs : blobs.Prepend(manifest.Config))
        {
            Descriptor sound = Sound(blob, descriptor);
            found.TryAdd(sound.Digest, sound);
        }
    }

    private static Descriptor Sound(DescriptorDocument? document, Descriptor of) =>
        document is not null && document.Size >= 0 && ContentDigest.TryParse(document.Digest, out _)
            ? document.ToDescriptor()
            : throw new StoreException(StoreFault.DamagedManifest, $"The manifest {of.Digest} has a descriptor without a sha256 digest or a size.");
}

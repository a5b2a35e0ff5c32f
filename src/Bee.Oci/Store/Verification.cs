using Bee.Oci.Formats;

namespace Bee.Oci.Store;

/// <summary>Reads every piece of an image and compares digests and lengths. What is wrong does not throw, and does not hide the rest.</summary>
internal sealed class Verification(LayoutFiles files, string store)
{
    // As deep, and as many, as Closure goes.
    private const int Depth = 4;
    private const int Count = 10_000;

    private readonly Dictionary<string, BlobCheck> _checks = [];

    /// <summary>The pieces of an image, each digest once, from the top.</summary>
    public IReadOnlyCollection<BlobCheck> Of(Descriptor image)
    {
        Walk(image, Depth);
        return _checks.Values;
    }

    private void Walk(Descriptor descriptor, int depth)
    {
        if (_checks.ContainsKey(descriptor.Digest))
        {
            return;
        }

        bool isIndex = MediaTypes.IsIndex(descriptor.MediaType);
        ManifestDocument? manifest = null;
        Add(isIndex ? BlobRole.Index : BlobRole.Manifest, descriptor, () => manifest = depth > 0 && _checks.Count < Count
            ? new ImageReader(files, store).ReadManifest(descriptor)
            : throw new StoreException(StoreFault.DamagedManifest, $"The image's manifests are nested too deep or too many, at {descriptor.Digest}."));
        foreach (DescriptorDocument? child in manifest?.Manifests ?? [])
        {
            Walk(child?.ToDescriptor() ?? new Descriptor("", "", 0), depth - 1);
        }

        Blob(BlobRole.Config, manifest?.Config, config => files.ReadBlob(config, StoreLimits.Manifest));
        foreach (DescriptorDocument? layer in manifest?.Layers ?? [])
        {
            Blob(BlobRole.Layer, layer ?? new DescriptorDocument(), files.CheckBlob);
        }
    }

    private void Blob(BlobRole role, DescriptorDocument? document, Action<Descriptor> read)
    {
        if (document?.ToDescriptor() is { } descriptor && !_checks.ContainsKey(descriptor.Digest) && _checks.Count < Count)
        {
            Add(role, descriptor, () => read(descriptor));
        }
    }

    private void Add(BlobRole role, Descriptor descriptor, Action read)
    {
        StoreException? fault = null;
        try
        {
            read();
        }
        catch (StoreException e)
        {
            fault = e;
        }

        _checks[descriptor.Digest] = new BlobCheck(role, descriptor, fault);
    }
}

using Bee.Oci.Json;
using Bee.Oci.Store;

namespace Bee.Oci.Archives;

/// <summary>What of a layout's index is an image, and what only belongs to one. Tools differ: some list what an index has in it, and signatures, beside the images.</summary>
internal static class LayoutContent
{
    /// <summary>containerd's annotation, which docker writes too: the whole name, where the reference name is the tag alone.</summary>
    private const string ContainerdName = "io.containerd.image.name";

    /// <summary>The images of a layout, in its order.</summary>
    public static IReadOnlyList<LayoutImage> Images(IBlobs blobs, StoreIndex index)
    {
        HashSet<string> parts = [.. index.Entries.Where(entry => MediaTypes.IsIndex(entry.MediaType)).SelectMany(entry => Manifest(blobs, entry)?.Manifests ?? []).Select(part => part?.Digest ?? "")];
        return [.. index.Entries
            .Where(entry => SignatureNames.IsImage(entry))
            .Where(entry => entry.ReferenceName is not null || (!parts.Contains(entry.Digest ?? "") && Manifest(blobs, entry)?.Subject is null))
            .Select(Image)
            .DistinctBy(image => (image.Descriptor.Digest, image.Name?.ToString(), image.Tag))];
    }

    /// <summary>The entries without a name whose subject is a manifest.</summary>
    public static IEnumerable<DescriptorDocument> Referrers(IBlobs blobs, StoreIndex index, string digest) =>
        index.Entries.Where(entry => entry.ReferenceName is null && Manifest(blobs, entry)?.Subject?.Digest == digest);

    private static LayoutImage Image(DescriptorDocument entry)
    {
        string? tag = entry.ReferenceName;
        ImageReference? name = Whole(entry.Annotations?.GetValueOrDefault(ContainerdName)) ?? Whole(tag);
        return new LayoutImage(entry.ToDescriptor(), name, name is null && ImageReference.TryParse($"x:{tag}", out _) ? tag : null);
    }

    /// <summary>A name with a repository; a word alone is a tag, as skopeo and oras write it.</summary>
    private static ImageReference? Whole(string? text) =>
        ImageReference.TryParse(text, out ImageReference? name) && (name.Tag is not null || name.Digest is not null || name.Registry is not null || name.Repository.Contains('/', StringComparison.Ordinal))
            ? name
            : null;

    // What is damaged is told when it is brought into the store.
    private static ManifestDocument? Manifest(IBlobs blobs, DescriptorDocument entry)
    {
        try
        {
            Descriptor descriptor = entry.ToDescriptor();
            return MediaTypes.IsIndex(descriptor.MediaType) || MediaTypes.IsManifest(descriptor.MediaType) ? new ImageReader(blobs, "").ReadManifest(descriptor) : null;
        }
        catch (StoreException)
        {
            return null;
        }
    }
}

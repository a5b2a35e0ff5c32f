using System.Collections.Concurrent;
using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Store;

/// <summary>What of a layout's index is an image, and what only belongs to one. Tools differ: some list what an index has in it, and signatures, beside the images.</summary>
/// <param name="blobs">The layout's blobs.</param>
/// <param name="index">The layout's index.</param>
internal sealed class LayoutContent(IBlobs blobs, StoreIndex index)
{
    // An index may name one manifest half a million times, which is read once all the same. Empty for one that refers to nothing.
    private readonly ConcurrentDictionary<(string?, string?, long), string> _subjects = new();

    /// <summary>The images, in the layout's order.</summary>
    public IReadOnlyList<LayoutImage> Images()
    {
        HashSet<string> parts = [.. index.Entries.Where(entry => MediaTypes.IsIndex(entry.MediaType)).DistinctBy(Key).SelectMany(entry => Manifest(entry)?.Manifests ?? []).Select(part => part?.Digest ?? "")];
        return [.. index.Entries
            .Where(entry => SignatureNames.IsImage(entry))
            .Where(entry => entry.ReferenceName is not null || (!parts.Contains(entry.Digest ?? "") && Subject(entry).Length == 0))
            .Select(Image)
            .DistinctBy(image => (image.Descriptor.Digest, image.Name?.ToString(), image.Tag))];
    }

    /// <summary>The entries without a name whose subject is a manifest.</summary>
    public IEnumerable<DescriptorDocument> Referrers(string digest) => index.Entries.Where(entry => entry.ReferenceName is null && Subject(entry) == digest);

    private string Subject(DescriptorDocument entry) => _subjects.GetOrAdd(Key(entry), _ => Manifest(entry)?.Subject is { } subject ? subject.Digest ?? "none" : "");

    private static (string?, string?, long) Key(DescriptorDocument entry) => (entry.MediaType, entry.Digest, entry.Size);

    private static LayoutImage Image(DescriptorDocument entry)
    {
        string? tag = entry.ReferenceName;
        string? whole = entry.Annotations?.GetValueOrDefault(AnnotationKeys.ContainerdName);
        ImageReference? name = Whole(whole) ?? Whole(tag);
        bool isTag = name is null && ImageReference.TryParse($"x:{tag}", out _);
        string? other = string.IsNullOrEmpty(whole) ? tag : whole;
        return new LayoutImage(entry.ToDescriptor(), name, isTag ? tag : null) { InvalidName = name is null && other is not null && (other == whole || !isTag) ? TerminalText.Clean(other) : null };
    }

    /// <summary>A name with a repository; a word alone is a tag, as skopeo and oras write it.</summary>
    private static ImageReference? Whole(string? text) =>
        ImageReference.TryParse(text, out ImageReference? name) && (name.Tag is not null || name.Digest is not null || name.Registry is not null || name.Repository.Contains('/', StringComparison.Ordinal))
            ? name
            : null;

    // What is damaged is told when it is brought into the store.
    private ManifestDocument? Manifest(DescriptorDocument entry)
    {
        try
        {
            var descriptor = entry.ToDescriptor();
            return MediaTypes.IsIndex(descriptor.MediaType) || MediaTypes.IsManifest(descriptor.MediaType) ? new ImageReader(blobs, "").ReadManifest(descriptor) : null;
        }
        catch (StoreException)
        {
            return null;
        }
    }
}

namespace Bee.Oci.Formats;

/// <summary>An image for several platforms: an index of one manifest a platform (OCI image specification, image-index.md).</summary>
internal sealed class PackedIndex
{
    private PackedIndex(IReadOnlyList<PackedImage> images, byte[] index)
    {
        Images = images;
        Index = index;
        Descriptor = new Descriptor(MediaTypes.ImageIndex, ContentDigest.Of(index).ToString(), index.Length);
    }

    /// <summary>The images, in the order of the index.</summary>
    public IReadOnlyList<PackedImage> Images { get; }

    /// <summary>The index's bytes.</summary>
    public byte[] Index { get; }

    /// <summary>The descriptor of the index.</summary>
    public Descriptor Descriptor { get; }

    /// <summary>Packs an image for several platforms; the index has the annotations that all of them have.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.BadContent"/>: one cannot be packed, or two are for one platform.</exception>
    public static PackedIndex From(IReadOnlyList<ImageContent> contents)
    {
        if (contents.GroupBy(content => content.Platform).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new StoreException(StoreFault.BadContent, $"An image has one program a platform, and there are {twice.Count()} for {twice.Key}.");
        }

        PackedImage[] images = [.. contents.Select(PackedImage.From)];
        IEnumerable<KeyValuePair<string, string>> common = images[0].Annotations.Where(pair => images.All(image => image.Annotations.Contains(pair)));
        Dictionary<string, string?> annotations = DescriptorDocument.Sorted(common);
        byte[] index = OciJson.Write(
            new ManifestDocument
            {
                MediaType = MediaTypes.ImageIndex,
                Manifests = [.. images.Select(image => DescriptorDocument.From(image.Descriptor))],
                Annotations = annotations.Count == 0 ? null : annotations,
            },
            OciJson.Canonical.ManifestDocument);
        return new PackedIndex(images, index);
    }
}

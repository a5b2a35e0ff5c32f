using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Posix;

namespace Bee.Oci.Store;

/// <summary>Creates <see cref="Image"/>s from index entries. Reads and verifies manifests and configs, but not programs.</summary>
internal sealed class ImageReader(IBlobs files, string store)
{
    /// <summary>Returns the image of an entry. An error does not throw but is in <see cref="Image.Fault"/>.</summary>
    public Image Read(DescriptorDocument entry)
    {
        var descriptor = entry.ToDescriptor();
        string reference = TerminalText.Clean(entry.ReferenceName ?? entry.Digest ?? "");
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
    /// <exception cref="StoreException">The manifest is missing, damaged, or not of its media type.</exception>
    public ManifestDocument ReadManifest(Descriptor descriptor) =>
        ManifestDocument.Read(files.ReadBlob(descriptor, StoreLimits.Manifest), descriptor);

    private Image Read(string reference, Descriptor descriptor)
    {
        ManifestDocument top = ReadManifest(descriptor);
        long size = new StoredPieces(files).SizeOf(descriptor, top);
        if (!MediaTypes.IsIndex(descriptor.MediaType))
        {
            return ReadSingle(reference, descriptor, new PlatformManifest(descriptor, new Dictionary<string, string>()), descriptor.Platform is { } only ? [only] : [], size);
        }

        StoreException? fault = null;
        ManifestDocument? Open(Descriptor index)
        {
            try
            {
                return (index.Digest == descriptor.Digest ? top : ReadManifest(index)).RequireSound(index);
            }
            catch (StoreException e) when (index.Digest != descriptor.Digest)
            {
                // The nested index may be for another platform and then does not matter.
                fault ??= e;
                return null;
            }
        }

        // Completes synchronously, because the files are local.
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
        IReadOnlyList<Descriptor> layers = ManifestDocument.Descriptors(manifest.Layers, descriptor);
        Descriptor? configBlob = manifest.Config is null ? null : ManifestDocument.Descriptors([manifest.Config], descriptor)[0];
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
            Layers = [.. layers.Select(layer => new ImageBlob(layer))],
            Program = facts.Program is { } program ? new ImageBlob(program) : null,
            WhyNoProgram = facts.WhyNoProgram,
        };
    }

    private static DateTime? Date(IReadOnlyDictionary<string, string> annotations) => CreationDate.Read(annotations.GetValueOrDefault(AnnotationKeys.Created));
}

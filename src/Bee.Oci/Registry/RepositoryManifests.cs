using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Posix;

namespace Bee.Oci.Registry;

/// <summary>Reads manifests from a repository, and checks what anyone may have written into them.</summary>
internal static class RepositoryManifests
{
    /// <summary>A manifest as what its descriptor says.</summary>
    /// <exception cref="RegistryException">It is no such thing.</exception>
    public static ManifestDocument Parse(Content manifest)
    {
        if (!MediaTypes.IsIndex(manifest.Descriptor.MediaType) && !MediaTypes.IsManifest(manifest.Descriptor.MediaType))
        {
            throw new RegistryException(
                RegistryFault.BadAnswer,
                $"The manifest {manifest.Descriptor.Digest} is of the type '{TerminalText.Clean(manifest.Descriptor.MediaType)}', which is neither an image manifest nor an index of OCI or docker (schema 2).");
        }

        return Told(() => ManifestDocument.Read(manifest.Bytes, manifest.Descriptor));
    }

    /// <summary>What a manifest refers to.</summary>
    /// <exception cref="RegistryException">One of the descriptors has no sha256 digest, or no size.</exception>
    public static IReadOnlyList<Descriptor> Descriptors(IEnumerable<DescriptorDocument?>? documents, Descriptor of) => Told(() => ManifestDocument.Descriptors(documents, of));

    /// <summary>A manifest of known digest and length.</summary>
    public static async Task<Content> FetchAsync(IReadOnlyRepository source, Descriptor descriptor, CancellationToken cancellationToken)
    {
        if (descriptor.Size > StoreLimits.Manifest)
        {
            throw new RegistryException(
                RegistryFault.TooLarge, $"The manifest {descriptor.Digest} has {Quantity.Of(descriptor.Size, "byte")}; {StoreLimits.Manifest} are the limit.");
        }

        Content content = await source.FetchManifestAsync(descriptor.Digest, cancellationToken).ConfigureAwait(false);
        return content.Bytes.Length == descriptor.Size
            ? content with { Descriptor = descriptor }
            : throw new RegistryException(
                RegistryFault.DigestMismatch, $"The manifest {descriptor.Digest} has {Quantity.Of(content.Bytes.Length, "byte")}, not the {descriptor.Size} of its descriptor.");
    }

    /// <summary>The manifests of an index, with those of the indexes in it.</summary>
    /// <exception cref="RegistryException">An index is missing, or none.</exception>
    public static ValueTask<IReadOnlyList<PlatformManifest>> ListAsync(IReadOnlyRepository source, Content top, CancellationToken cancellationToken) =>
        PlatformManifests.FindAsync(top.Descriptor, async index =>
        {
            Content content = index.Digest == top.Descriptor.Digest ? top : await FetchAsync(source, index, cancellationToken).ConfigureAwait(false);
            return ParseSound(content);
        });

    /// <summary>A manifest as what its descriptor says, in which each descriptor has a digest and a size.</summary>
    /// <exception cref="RegistryException">It is no such thing.</exception>
    public static ManifestDocument ParseSound(Content manifest)
    {
        ManifestDocument document = Parse(manifest);
        return Told(() => document.RequireSound(manifest.Descriptor));
    }

    private static T Told<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (StoreException e)
        {
            throw new RegistryException(RegistryFault.BadAnswer, e.Message, e);
        }
    }
}

using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Posix;

namespace Bee.Oci.Registry;

/// <summary>Reads and validates manifests of a repository.</summary>
internal static class RepositoryManifests
{
    /// <summary>Parses a manifest or an index.</summary>
    /// <exception cref="RegistryException">The document is malformed or not of its media type.</exception>
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

    /// <summary>Returns the descriptors in a manifest.</summary>
    /// <exception cref="RegistryException">A descriptor has no sha256 digest or no size.</exception>
    public static IReadOnlyList<Descriptor> Descriptors(IEnumerable<DescriptorDocument?>? documents, Descriptor of) => Told(() => ManifestDocument.Descriptors(documents, of));

    /// <summary>Fetches a manifest and verifies its size.</summary>
    public static async Task<Content> FetchAsync(IReadOnlyRepository source, Descriptor descriptor, CancellationToken cancellationToken)
    {
        if (descriptor.Size > StoreLimits.Manifest)
        {
            throw new RegistryException(
                RegistryFault.TooLarge, $"The manifest {descriptor.Digest} has {Quantity.Of(descriptor.Size, "byte")}, over the limit of {StoreLimits.Manifest}.");
        }

        Content content = await source.FetchManifestAsync(descriptor.Digest, cancellationToken).ConfigureAwait(false);
        return content.Bytes.Length == descriptor.Size
            ? content with { Descriptor = descriptor }
            : throw new RegistryException(
                RegistryFault.DigestMismatch, $"The manifest {descriptor.Digest} has {Quantity.Of(content.Bytes.Length, "byte")}, not the {descriptor.Size} of its descriptor.");
    }

    /// <summary>Returns the manifests of an index and of the indexes in it.</summary>
    /// <exception cref="RegistryException">An index is missing or malformed.</exception>
    public static ValueTask<IReadOnlyList<PlatformManifest>> ListAsync(IReadOnlyRepository source, Content top, CancellationToken cancellationToken) =>
        PlatformManifests.FindAsync(top.Descriptor, async index =>
        {
            Content content = index.Digest == top.Descriptor.Digest ? top : await FetchAsync(source, index, cancellationToken).ConfigureAwait(false);
            return ParseSound(content);
        });

    /// <summary>Parses a manifest or an index, and validates its descriptors.</summary>
    /// <exception cref="RegistryException">The document is malformed, or a descriptor has no digest or size.</exception>
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

using System.Text.Json;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;

namespace Bee.Oci.Transfer;

/// <summary>Takes the manifest of one platform out of an index.</summary>
internal static class PlatformPart
{
    /// <summary>The manifest for a platform; what was resolved itself where it is no index.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.NoPlatform"/>.</exception>
    public static async Task<Content> TakeAsync(IReadOnlyRepository source, Content resolved, Platform wanted, CancellationToken cancellationToken)
    {
        ManifestDocument document = RepositoryManifests.Parse(resolved);
        if (!MediaTypes.IsIndex(resolved.Descriptor.MediaType))
        {
            Platform? told = resolved.Descriptor.Platform ?? await ToldAsync(source, resolved, document, cancellationToken).ConfigureAwait(false);
            return told is null || PlatformChoice.Fits(told, wanted)
                ? resolved
                : throw new RegistryException(RegistryFault.NoPlatform, $"The image of {source.Name} is for {told} alone, not for {wanted}.");
        }

        IReadOnlyList<Descriptor> children = [.. (await RepositoryManifests.ListAsync(source, resolved, cancellationToken).ConfigureAwait(false)).Select(manifest => manifest.Descriptor)];
        Descriptor? chosen = PlatformChoice.For(children, wanted);
        return chosen is not null
            ? await RepositoryManifests.FetchAsync(source, chosen, cancellationToken).ConfigureAwait(false)
            : throw new RegistryException(
                RegistryFault.NoPlatform,
                $"The image of {source.Name} has nothing for {wanted}; it is for {string.Join(", ", children.Select(c => c.Platform?.ToString() ?? "an unnamed platform").Distinct())}.");
    }

    private static async Task<Platform?> ToldAsync(IReadOnlyRepository source, Content manifest, ManifestDocument document, CancellationToken cancellationToken)
    {
        if (document.Config is null || RepositoryManifests.Sound([document.Config], manifest.Descriptor)[0] is not { Size: <= StoreLimits.Manifest } config)
        {
            return null;
        }

        using Stream stream = await source.FetchAsync(config, cancellationToken).ConfigureAwait(false);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content, cancellationToken).ConfigureAwait(false);
        try
        {
            // The two keys are the same in every config that is JSON: Bee's, and the OCI image specification's.
            PlatformDocument? told = JsonSerializer.Deserialize(content.GetBuffer().AsSpan(0, (int)content.Length), OciJson.Canonical.PlatformDocument);
            return told?.ToPlatform();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

using Bee.Cmdlets.Base;
using Bee.Cmdlets.Registries;
using Bee.Cmdlets.Views;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Store;
using Bee.Oci.Transfer;
using Bee.Posix;
using Bee.Toolchain.Isolation;

namespace Bee.Cmdlets.Tools;

/// <summary>Pulls images from registries into the user's own store.</summary>
/// <param name="link">The registries.</param>
/// <param name="local">The local images. The user's own store is written to.</param>
/// <param name="verifier">Verifies each image before it gets its name; null for no verification.</param>
/// <param name="streams">Receives notes about the transfers.</param>
internal sealed class ImagePuller(RegistryLink link, LocalImages local, ImageVerifier? verifier, ICmdletStreams streams)
{
    /// <summary>Pulls an image. The image gets its name in the store when all of its content has arrived.</summary>
    /// <param name="reference">The image's reference. A digest takes precedence over a tag.</param>
    /// <param name="platform">The platform to select from an index; null for all.</param>
    /// <param name="includeReferrers">Whether to pull referrers other than signatures too.</param>
    /// <param name="source">The repository to read from; null for the registry and its mirrors.</param>
    /// <returns>The image in the store.</returns>
    /// <exception cref="RegistryException">The registry cannot provide the image.</exception>
    /// <exception cref="Oci.Trust.TrustException">The image is not trusted.</exception>
    public Image Pull(ImageReference reference, Platform? platform = null, bool includeReferrers = false, IReadOnlyRepository? source = null)
    {
        ImageReference name = reference.WithDefaultTag();
        IReadOnlyRepository repository = source ?? link.Source(name);
        var progress = new TransferProgress();
        var transfer = new ImageTransfer(link.Transfer(progress) with { Platform = platform, Referrers = includeReferrers, BeforeCommit = verifier?.BeforeCommit(name) });
        TransferResult result = link.Wait(
            cancellationToken => transfer.PullAsync(repository, name.TagOrDigest, local.Stores.Own, name, cancellationToken), $"Saving {name}", progress);
        streams.WriteNote($"{name} is {result.Descriptor.Digest}: {Moved(result, "pulled", "in the store")}.");
        return result.Image!;
    }

    /// <summary>Returns a short text about the blobs of a transfer.</summary>
    /// <param name="result">The transfer.</param>
    /// <param name="moved">The verb for the transferred blobs: pulled, pushed.</param>
    /// <param name="there">The place of the blobs that existed before.</param>
    public static string Moved(TransferResult result, string moved, string there)
    {
        string[] parts =
        [
            result.BlobsSent == 0 ? $"no blob {moved}" : $"{Quantity.Of(result.BlobsSent, "blob")} {moved} ({ViewText.Size(result.Bytes)})",
            .. result.BlobsPresent > 0 ? [$"{result.BlobsPresent} already {there}"] : Array.Empty<string>(),
            .. result.BlobsMounted > 0 ? [$"{result.BlobsMounted} mounted from another repository"] : Array.Empty<string>(),
        ];
        return string.Join(", ", parts);
    }
}

/// <summary>When an image is pulled from its registry.</summary>
public enum PullPolicy
{
    /// <summary>Only if it is not in the local store.</summary>
    Missing,

    /// <summary>If the registry has a different image under the name. The registry is asked each time.</summary>
    Always,

    /// <summary>Never.</summary>
    Never,
}

/// <summary>Finds the images of the local stores by name.</summary>
/// <param name="streams">Receives the error of a name that matches no image.</param>
/// <param name="location">Resolves a relative folder.</param>
/// <param name="folder">The folder of the store as the user typed it; null for the user's own.</param>
internal sealed class LocalImages(ICmdletStreams streams, ISessionLocation location, string? folder)
{
    private ImageStores? _stores;

    /// <summary>The stores to read from. The first one is also written to.</summary>
    public ImageStores Stores => _stores ??= new ImageStores(folder is null ? null : location.FullPath(folder), new GadgetDescriber(), Isolated.Create<IZstandard>);

    /// <summary>
    /// Returns the images that match a reference, a short name or a digest, with or without wildcards. A name without wildcards that
    /// matches no image is reported as an error.
    /// </summary>
    /// <param name="reference">The name.</param>
    /// <param name="everyTag">Whether a name without a tag stands for all tags of its repository; otherwise it stands for <c>latest</c>.</param>
    public IReadOnlyList<Image> Match(string reference, bool everyTag = false)
    {
        IReadOnlyList<Image> images = [];
        if (ImageReference.IsPattern(reference))
        {
            images = Stores.List(reference);
        }
        else if (everyTag && Stores.ListTags(reference) is { Count: > 0 } tags)
        {
            images = tags;
        }
        else if (Stores.Find(reference) is { } found)
        {
            images = [found];
        }
        else
        {
            streams.WriteError(ImageNames.NotFound(reference, Stores), reference);
        }

        NoteInvokingStore();
        return images;
    }

    /// <summary>Writes a note if the store of the user who ran sudo is ignored.</summary>
    public void NoteInvokingStore()
    {
        if (Stores.InvokingFault is { } fault)
        {
            streams.WriteNote($"Ignored the store of the user who ran sudo: {fault.Message}");
        }
    }
}

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

/// <summary>Pulls images from registries into the own store.</summary>
/// <param name="link">The registries.</param>
/// <param name="local">The local images; the own store is written to.</param>
/// <param name="verifier">Decides over each image before it gets its name; null for no decision.</param>
/// <param name="streams">Where it is noted what was moved.</param>
internal sealed class ImagePuller(RegistryLink link, LocalImages local, ImageVerifier? verifier, ICmdletStreams streams)
{
    /// <summary>Pulls an image. It has its name in the store when all of it is there.</summary>
    /// <param name="reference">Its name; a digest in it decides.</param>
    /// <param name="platform">The platform to take out of an index; null for all.</param>
    /// <param name="includeReferrers">Whether what else than signatures is about it comes along.</param>
    /// <param name="source">Where it is read; null for the registry and its mirrors.</param>
    /// <returns>The image as it is in the store now.</returns>
    /// <exception cref="RegistryException">The registry does not give it.</exception>
    /// <exception cref="Oci.Trust.TrustException">It is not trusted.</exception>
    public Image Pull(ImageReference reference, Platform? platform = null, bool includeReferrers = false, IReadOnlyRepository? source = null)
    {
        ImageReference name = reference.WithDefaultTag();
        IReadOnlyRepository repository = source ?? link.Source(name);
        var progress = new TransferProgress();
        var transfer = new ImageTransfer(link.Transfer(progress) with { Platform = platform, Referrers = includeReferrers, BeforeCommit = verifier?.BeforeCommit(name) });
        TransferResult result = link.Wait(
            cancellationToken => transfer.PullAsync(repository, name.Digest ?? name.Tag!, local.Stores.Own, name, cancellationToken), $"Saving {name}", progress);
        streams.WriteNote($"{name} is {result.Descriptor.Digest}: {Moved(result, "fetched", "here")}.");
        return result.Image!;
    }

    /// <summary>What a transfer had to move, in a few words.</summary>
    /// <param name="result">The transfer.</param>
    /// <param name="moved">What was done with blobs: fetched, sent.</param>
    /// <param name="there">Where the others are.</param>
    public static string Moved(TransferResult result, string moved, string there)
    {
        string[] parts =
        [
            result.BlobsSent == 0 ? $"no blob {moved}" : $"{Quantity.Of(result.BlobsSent, "blob")} {moved} ({ViewText.Size(result.Bytes)})",
            .. result.BlobsPresent > 0 ? [$"{result.BlobsPresent} {there} already"] : Array.Empty<string>(),
            .. result.BlobsMounted > 0 ? [$"{result.BlobsMounted} taken over from another repository"] : Array.Empty<string>(),
        ];
        return string.Join(", ", parts);
    }
}

/// <summary>When an image is fetched from its registry.</summary>
public enum PullPolicy
{
    /// <summary>When it is not among the local images; then no registry is asked about those that are.</summary>
    Missing,

    /// <summary>Whenever the registry has another one under the name: it is asked each time.</summary>
    Always,

    /// <summary>Not at all.</summary>
    Never,
}

/// <summary>The images of the local stores, by name.</summary>
/// <param name="streams">Where a name that no image has is reported.</param>
/// <param name="location">Where a relative folder is meant from.</param>
/// <param name="folder">The folder of the store, as the user gave it; null for the user's own.</param>
internal sealed class LocalImages(ICmdletStreams streams, ISessionLocation location, string? folder)
{
    private ImageStores? _stores;

    /// <summary>The stores that are read from; the first is the one that is written to.</summary>
    public ImageStores Stores => _stores ??= new ImageStores(folder is null ? null : location.FullPath(folder), new GadgetDescriber(), Isolated.Create<IZstandard>);

    /// <summary>
    /// The images of a name: a reference, a short name or a digest; with wildcards all that match, which may be none. A literal name that
    /// no image has is reported as an error.
    /// </summary>
    /// <param name="reference">The name.</param>
    /// <param name="everyTag">Whether a name without a tag means all tags of its repository; else it means <c>latest</c>.</param>
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

    /// <summary>Writes why the store of the user behind sudo is passed over, if it is.</summary>
    public void NoteInvokingStore()
    {
        if (Stores.InvokingFault is { } fault)
        {
            streams.WriteNote($"The invoking user's store is passed over: {fault.Message}");
        }
    }
}

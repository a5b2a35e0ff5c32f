using System.Management.Automation;
using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Oci.Store;
using Bee.Oci.Transfer;

namespace Bee.Cmdlets;

/// <summary>A cmdlet that brings images from the local store to a registry, or the other way.</summary>
public abstract class RegistryStoreCmdlet : RegistryCmdlet
{
    private LocalImages? _local;

    /// <inheritdoc cref="StoreCmdlet.Store"/>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Store { get; set; }

    /// <summary>The local images.</summary>
    private protected LocalImages Local => _local ??= new LocalImages(this, Store);

    /// <summary>The stores that are read from; the first is the one that is written to.</summary>
    private protected ImageStores Stores => Local.Stores;

    /// <summary>Brings an image from its registry into the own store. It has its name there when all of it is there.</summary>
    /// <param name="reference">Its name; a digest in it decides.</param>
    /// <param name="platform">The platform to take out of an index; null for all.</param>
    /// <param name="includeReferrers">Whether what else than signatures is about it comes along.</param>
    /// <param name="source">Where it is read; null for the registry and its mirrors.</param>
    /// <returns>The image as it is in the store now.</returns>
    private protected Image PullImage(ImageReference reference, Platform? platform = null, bool includeReferrers = false, IReadOnlyRepository? source = null)
    {
        ImageReference name = reference.WithDefaultTag();
        IReadOnlyRepository repository = source ?? Link.Source(name);
        var progress = new TransferProgress();
        var transfer = new ImageTransfer(Options(progress) with { Platform = platform, Referrers = includeReferrers, BeforeCommit = BeforeCommit(name) });
        TransferResult result = Link.Wait(
            cancellationToken => transfer.PullAsync(repository, name.Digest ?? name.Tag!, Stores.Own, name, cancellationToken), $"Saving {name}", progress);
        Tell($"{name} is {result.Descriptor.Digest}: {Moved(result, "fetched", "here")}.");
        return result.Image!;
    }

    /// <summary>What is asked before an image gets its name in the store; what it throws leaves it without one. Null for nothing.</summary>
    private protected virtual Func<Descriptor, IReadOnlyRepository, CancellationToken, Task>? BeforeCommit(ImageReference name) => null;

    /// <summary>How images are moved.</summary>
    private protected TransferOptions Options(TransferProgress progress) => new() { Progress = progress, Note = Link.Note };

    /// <summary>What a transfer had to move, in a few words.</summary>
    private protected static string Moved(TransferResult result, string moved, string there)
    {
        string[] parts =
        [
            result.BlobsSent == 0 ? $"no blob {moved}" : $"{result.BlobsSent} {(result.BlobsSent == 1 ? "blob" : "blobs")} {moved} ({ViewText.Size(result.Bytes)})",
            .. result.BlobsPresent > 0 ? [$"{result.BlobsPresent} {there} already"] : Array.Empty<string>(),
            .. result.BlobsMounted > 0 ? [$"{result.BlobsMounted} taken over from another repository"] : Array.Empty<string>(),
        ];
        return string.Join(", ", parts);
    }
}

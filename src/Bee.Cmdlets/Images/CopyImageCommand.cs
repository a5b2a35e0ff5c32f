using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Tools;
using Bee.Oci.Formats;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Oci.Store;
using Bee.Oci.Transfer;

namespace Bee.Cmdlets.Images;

/// <summary>Gives a local image another name, or copies an image between registries.</summary>
[Cmdlet(VerbsCommon.Copy, "BeeImage", SupportsShouldProcess = true, DefaultParameterSetName = "Local")]
[OutputType(typeof(Image), ParameterSetName = ["Local"])]
[OutputType(typeof(RemoteImage), ParameterSetName = ["Remote"])]
public sealed class CopyImageCommand : RegistryStoreCmdlet
{
    private readonly HashSet<string> _copied = [];

    /// <summary>The image's reference, short name or digest.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Reference")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [WithoutLogin]
    public string Source { get; set; } = string.Empty;

    /// <summary>The new reference. The tag is latest by default.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [WithoutLogin]
    public string Destination { get; set; } = string.Empty;

    /// <summary>Copies between registries, without using the local store.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Remote")]
    public SwitchParameter Remote { get; set; }

    /// <summary>The only platform to copy of an image for several platforms, such as linux/arm64. By default all.</summary>
    [Parameter(ParameterSetName = "Remote")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string? Platform { get; set; }

    /// <summary>Copies other referrers of the image too, such as attestations and bills of materials. Signatures are always copied.</summary>
    [Parameter(ParameterSetName = "Remote")]
    public SwitchParameter IncludeReferrers { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard(Source, () =>
    {
        ImageReference destination = ImageReference.Parse(Destination).WithDefaultTag();
        if (Remote)
        {
            CopyRemote(destination);
        }
        else
        {
            Copy(destination);
        }
    });

    private void CopyRemote(ImageReference destination)
    {
        ImageReference source = Link.Complete(ImageReference.Parse(Source)).WithDefaultTag();
        destination = Link.Complete(destination);
        Platform? platform = Platform is null ? null : Bee.Oci.Formats.Platform.Parse(Platform);
        IReadOnlyRepository from = Link.Source(source);
        IRepository to = Link.Repository(destination);
        if (destination.Digest is not null && source.Digest is not null && destination.Digest != source.Digest)
        {
            throw new StoreException(StoreFault.BadReference, $"'{source}' and '{destination}' are different images: their digests differ.");
        }

        if (!ShouldProcess($"{source} to {destination}", "Copy image"))
        {
            return;
        }

        RequireFirst(destination);
        var progress = new TransferProgress();
        var transfer = new ImageTransfer(Link.Transfer(progress) with { Platform = platform, Referrers = IncludeReferrers });
        // If the destination has a digest, that image is copied: the source's tag may have moved.
        TransferResult result = Link.Wait(
            cancellationToken => transfer.CopyAsync(from, destination.Digest?.ToString() ?? source.TagOrDigest, to, destination.Tag, cancellationToken), $"Copying {source}", progress);
        WriteNote($"{destination} is {result.Descriptor.Digest}: {ImagePuller.Moved(result, "copied", "there")}.");
        WriteObject(RemoteImage.Resolved(destination, result.Descriptor));
    }

    private void Copy(ImageReference destination)
    {
        if (ImageReference.IsPattern(Source))
        {
            throw new BeeInputException("NoWildcards", $"'{Source}' can match several images, but only one can be named {destination}.", "Name one image.");
        }

        foreach (Image image in Local.Match(Source))
        {
            if (ShouldProcess($"{image.Reference} as {destination}", "Copy image"))
            {
                RequireFirst(destination);
                WriteObject(Stores.Tag(image, destination));
            }
        }
    }

    private void RequireFirst(ImageReference destination)
    {
        if (!_copied.Add(destination.ToString()))
        {
            throw new BeeInputException(
                "SameTarget", $"Another image of this pipeline was already named {destination}.", "Give each image its own name: … | ForEach-Object { Copy-BeeImage $_ -Destination … }.");
        }
    }
}

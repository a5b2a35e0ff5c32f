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

/// <summary>Gives a local image a further name, or brings an image from one registry to another.</summary>
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

    /// <summary>The further reference. The tag is latest where none is given.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [WithoutLogin]
    public string Destination { get; set; } = string.Empty;

    /// <summary>Copies from a registry to a registry, past the local images.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Remote")]
    public SwitchParameter Remote { get; set; }

    /// <summary>The only platform to copy of an image that has several: linux/arm64. Without it all of them.</summary>
    [Parameter(ParameterSetName = "Remote")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string? Platform { get; set; }

    /// <summary>Takes along what else is about the image: attestations, bills of materials, and whatever else refers to it. Signatures go along without it.</summary>
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
        // Where the destination has a digest, that is what is copied: the source's tag may have moved on.
        TransferResult result = Link.Wait(
            cancellationToken => transfer.CopyAsync(from, destination.Digest ?? source.Digest ?? source.Tag!, to, destination.Tag, cancellationToken), $"Copying {source}", progress);
        WriteNote($"{destination} is {result.Descriptor.Digest}: {ImagePuller.Moved(result, "copied", "there")}.");
        WriteObject(RemoteImage.Resolved(destination, result.Descriptor));
    }

    private void Copy(ImageReference destination)
    {
        if (ImageReference.IsPattern(Source))
        {
            throw new BeeInputException("NoWildcards", $"'{Source}' may mean several images, and only one can have the name {destination}.", "Name one image.");
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
                "SameTarget", $"Another image of this pipeline has the name {destination} now.", "Give each its own: … | ForEach-Object { Copy-BeeImage $_ -Destination … }.");
        }
    }
}

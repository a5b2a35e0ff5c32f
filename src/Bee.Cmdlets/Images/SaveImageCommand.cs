using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Tools;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Cmdlets.Images;

/// <summary>Brings images from a registry into the local store.</summary>
[Cmdlet(VerbsData.Save, "BeeImage", SupportsShouldProcess = true)]
[Alias("Pull-BeeImage")]
[OutputType(typeof(Image))]
public sealed class SaveImageCommand : VerifyingCmdlet
{
    /// <summary>References with their registry. The tag is latest where neither tag nor digest is given; a digest pins.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RemoteNameCompleter))]
    [WithoutLogin]
    public string[] Reference { get; set; } = [];

    /// <summary>The only platform to take of an image that has several: linux/arm64. Without it all of them.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string? Platform { get; set; }

    /// <summary>Takes along what else is about the image: attestations, bills of materials, and whatever else refers to it. Signatures go along without it.</summary>
    [Parameter]
    public SwitchParameter IncludeReferrers { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string reference in Reference)
        {
            Guard(reference, () => Save(reference));
        }
    }

    private void Save(string text)
    {
        if (ImageReference.IsPattern(text))
        {
            throw new BeeInputException("NoWildcards", $"'{text}' may mean several images.", $"Find-BeeImage '{text}' | Save-BeeImage saves them all.");
        }

        ImageReference reference = Link.Complete(ImageReference.Parse(text)).WithDefaultTag();
        Platform? platform = Platform is null ? null : Bee.Oci.Formats.Platform.Parse(Platform);
        // Before anybody is asked whether to go on.
        _ = Link.Repository(reference);
        if (ShouldProcess(platform is null ? $"{reference}" : $"{reference} for {platform}", "Save image"))
        {
            WriteObject(Puller.Pull(reference, platform, IncludeReferrers));
        }
    }
}

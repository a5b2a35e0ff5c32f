using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Tools;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Cmdlets.Images;

/// <summary>Pulls images from a registry into the local store.</summary>
[Cmdlet(VerbsData.Save, "BeeImage", SupportsShouldProcess = true)]
[Alias("Pull-BeeImage")]
[OutputType(typeof(Image))]
public sealed class SaveImageCommand : VerifyingCmdlet
{
    /// <summary>References with their registry. The tag is latest if neither tag nor digest is given.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RemoteNameCompleter))]
    [WithoutLogin]
    public string[] Reference { get; set; } = [];

    /// <summary>The only platform to pull of an image for several platforms, such as linux/arm64. By default all.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string? Platform { get; set; }

    /// <summary>Pulls other referrers of the image too, such as attestations and bills of materials. Signatures are always pulled.</summary>
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
            throw new BeeInputException("NoWildcards", $"'{text}' can match several images.", $"To save all of them: Find-BeeImage '{text}' | Save-BeeImage.");
        }

        ImageReference reference = Link.Complete(ImageReference.Parse(text)).WithDefaultTag();
        Platform? platform = Platform is null ? null : Bee.Oci.Formats.Platform.Parse(Platform);
        // Reports an invalid registry before the confirmation prompt.
        _ = Link.Repository(reference);
        if (ShouldProcess(platform is null ? $"{reference}" : $"{reference} for {platform}", "Save image"))
        {
            WriteObject(Puller.Pull(reference, platform, IncludeReferrers));
        }
    }
}

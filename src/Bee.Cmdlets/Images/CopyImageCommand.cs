using System.Management.Automation;
using Bee.Oci;

namespace Bee.Cmdlets;

/// <summary>Gives a local image a further name.</summary>
[Cmdlet(VerbsCommon.Copy, "BeeImage", SupportsShouldProcess = true)]
[OutputType(typeof(Image))]
public sealed class CopyImageCommand : StoreCmdlet
{
    /// <summary>The image's reference, short name or digest.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Reference")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string Source { get; set; } = string.Empty;

    /// <summary>The further reference. The tag is latest where none is given.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string Destination { get; set; } = string.Empty;

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard(Source, Copy);

    private void Copy()
    {
        ImageReference destination = ImageReference.Parse(Destination).WithDefaultTag();
        if (WildcardPattern.ContainsWildcardCharacters(Source))
        {
            throw new BeeInputException("NoWildcards", $"'{Source}' may mean several images, and only one can have the name {destination}.", "Name one image.");
        }

        foreach (Image image in Match(Source))
        {
            if (ShouldProcess($"{image.Reference} as {destination}", "Copy image"))
            {
                WriteObject(Stores.Tag(image, destination));
            }
        }
    }
}

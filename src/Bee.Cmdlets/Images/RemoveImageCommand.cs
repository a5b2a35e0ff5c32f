using System.Management.Automation;
using Bee.Oci;

namespace Bee.Cmdlets;

/// <summary>Removes images from the local store, with the blobs that nothing refers to any more.</summary>
[Cmdlet(VerbsCommon.Remove, "BeeImage", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class RemoveImageCommand : StoreCmdlet
{
    /// <summary>References, short names or digests; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string[] Reference { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string reference in Reference)
        {
            Guard(reference, () => Remove(reference));
        }
    }

    private void Remove(string reference)
    {
        foreach (Image image in Match(reference))
        {
            if (ShouldProcess(image.Reference, "Remove image"))
            {
                RemoveResult result = OwnStore.Remove(image.Reference);
                WriteVerbose($"Removed {image.Reference}: {result}");
            }
        }
    }
}

using System.Management.Automation;
using Bee.Oci;

namespace Bee.Cmdlets;

/// <summary>Removes names from the local store, and the blobs that nothing refers to any more.</summary>
[Cmdlet(VerbsCommon.Remove, "BeeImage", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class RemoveImageCommand : StoreCmdlet
{
    /// <summary>References, short names or digests; wildcards are allowed. A digest removes all names of its image.</summary>
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
            if (image.Store != Stores.Own.Path)
            {
                WriteError(new StoreException(StoreFault.ReadOnly, $"{image.Reference} is in the store of the invoking user, {image.Store}, which is only read. Remove it as that user."), image);
                continue;
            }

            // What was named by digest goes by digest, with all its names.
            bool byDigest = ImageNames.IsDigest(reference, image);
            string name = byDigest ? image.Digest : image.Reference;
            if (ShouldProcess(name, "Remove image"))
            {
                Guard(name, () => Tell(Stores.Own.Remove(name)));
            }
        }
    }

    private void Tell(RemoveResult result)
        => Tell($"Removed {string.Join(", ", result.References)}: {result.BlobsDeleted} blobs, {result.BytesFreed} bytes freed.");
}

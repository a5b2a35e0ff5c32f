using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Tools;
using Bee.Oci.Store;

namespace Bee.Cmdlets.Images;

/// <summary>Lists the local images.</summary>
[Cmdlet(VerbsCommon.Get, "BeeImage")]
[OutputType(typeof(Image))]
public sealed class GetImageCommand : StoreCmdlet
{
    /// <summary>References, short names or digests; wildcards are allowed. By default all images.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [WithoutLogin]
    public string[] Reference { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string reference in Reference)
        {
            Guard(reference, () => WriteObject(Match(reference, everyTag: true), enumerateCollection: true));
        }
    }
}

using System.Management.Automation;

namespace Bee.Cmdlets;

/// <summary>Lists the programs that run in the background of this process.</summary>
[Cmdlet(VerbsCommon.Get, "BeeProgram")]
[OutputType(typeof(BpfProgramSession))]
public sealed class GetProgramCommand : SelectProgramCmdlet
{
    /// <summary>Names or ids; wildcards are allowed. Without it all programs.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackgroundProgramCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void ProcessRecord() => WriteObject(Select(Name), enumerateCollection: true);
}

using System.Management.Automation;
using Bee.Ebpf.Records;
using Bee.Telemetry.Lines;

namespace Bee.Cmdlets.Containers;

/// <summary>The end of the entry point's pipeline: each event becomes a line. The module does not export it.</summary>
[Cmdlet(VerbsCommunications.Write, "BeeEventLine")]
internal sealed class WriteLineCommand : PSCmdlet
{
    /// <summary>The event.</summary>
    [Parameter(ValueFromPipeline = true)]
    public BpfEvent? Event { get; set; }

    /// <summary>Where lines go.</summary>
    [Parameter]
    public EventLines? Lines { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Event is { } item)
        {
            Lines?.Write(item);
        }
    }
}

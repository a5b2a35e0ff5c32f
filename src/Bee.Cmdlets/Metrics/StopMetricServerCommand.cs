using System.Management.Automation;
using Bee.Cmdlets.Base;

namespace Bee.Cmdlets.Metrics;

/// <summary>Stops metric servers and frees their ports. The sessions continue.</summary>
[Cmdlet(VerbsLifecycle.Stop, "BeeMetricServer", SupportsShouldProcess = true, DefaultParameterSetName = "Id")]
public sealed class StopMetricServerCommand : BeeCmdlet
{
    /// <summary>Ids or ports.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Id")]
    [ArgumentCompleter(typeof(MetricServerCompleter))]
    public int[] Id { get; set; } = [];

    /// <summary>Servers from Start-BeeMetricServer or Get-BeeMetricServer.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "InputObject", ValueFromPipeline = true)]
    [ValidateNotNull]
    public BeeMetricServer[]? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (BeeMetricServer server in InputObject ?? new MetricServerSelector(this).Select(Id))
        {
            if (ShouldProcess($"{server.Uri} (id {server.Id})", "Stop metric server"))
            {
                RunningServers.Stop(server);
            }
        }
    }
}

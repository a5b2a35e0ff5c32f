using System.Management.Automation;
using Bee.Cmdlets.Base;

namespace Bee.Cmdlets.Metrics;

/// <summary>Lists the metric servers of this process.</summary>
[Cmdlet(VerbsCommon.Get, "BeeMetricServer")]
[OutputType(typeof(BeeMetricServer))]
public sealed class GetMetricServerCommand : BeeCmdlet
{
    /// <summary>Ids or ports. By default all servers.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(MetricServerCompleter))]
    public int[]? Id { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => WriteObject(Id is null ? RunningServers.All() : new MetricServerSelector(this).Select(Id), enumerateCollection: true);
}

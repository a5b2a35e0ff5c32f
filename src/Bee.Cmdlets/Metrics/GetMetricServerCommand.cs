using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;

namespace Bee.Cmdlets.Metrics;

/// <summary>Lists the metric servers of this process.</summary>
[Cmdlet(VerbsCommon.Get, "BeeMetricServer")]
[OutputType(typeof(BeeMetricServer))]
public sealed class GetMetricServerCommand : MetricServerCmdlet
{
    /// <summary>Ids or ports. Without it all servers.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(MetricServerCompleter))]
    public int[]? Id { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => WriteObject(Id is null ? RunningServers.All() : Select(Id), enumerateCollection: true);
}

/// <summary>A cmdlet that works on metric servers.</summary>
public abstract class MetricServerCmdlet : BeeCmdlet
{
    /// <summary>The servers with these ids or ports; others are reported as errors.</summary>
    private protected IEnumerable<BeeMetricServer> Select(IEnumerable<int> ids)
    {
        foreach (int id in ids)
        {
            IReadOnlyList<BeeMetricServer> all = RunningServers.All();
            if (all.FirstOrDefault(server => server.Id == id) is { } found || (found = all.FirstOrDefault(server => server.Port == id)) is not null)
            {
                yield return found;
                continue;
            }

            string known = string.Join(", ", all.Select(server => $"{server.Id} ({server.Uri})"));
            WriteError(new BeeInputException(
                "MetricServerNotFound",
                $"No metric server has the id or port {id}." + (known.Length > 0 ? $" Those that run: {known}." : " None runs."),
                "Get-BeeMetricServer lists them; Start-BeeMetricServer starts one."), id);
        }
    }
}

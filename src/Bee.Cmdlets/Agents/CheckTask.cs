using System.Collections;
using Bee.Cmdlets.Fleet;
using Bee.Cmdlets.Hosts;
using Bee.Cmdlets.Images;
using Bee.Cmdlets.Tools;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;
using Bee.Ebpf.Objects;
using Bee.Oci.Formats;
using Bee.Telemetry.Captures;

namespace Bee.Cmdlets.Agents;

/// <summary>Checks for another machine whether this one can run a tool. Loads nothing.</summary>
internal static class CheckTask
{
    /// <inheritdoc cref="AgentTask"/>
    public static void Run(IReadOnlyDictionary<string, object?> parameters, ReadOnlyMemory<byte> archive, CaptureStreamWriter output, AgentStreams streams)
    {
        using var tools = new AgentTools(archive, parameters.GetValueOrDefault(RunParameters.RecordType) as IDictionary, streams);
        ObjectFile? file = null;
        var results = new List<CheckResult>();
        foreach (CheckResult result in ImageChecks.Run(tools.Image, tools.Local.Stores, tools.Verifier, Read, TargetKernel.Running(), isOther: false, streams))
        {
            streams.Stop.ThrowIfCancellationRequested();
            results.Add(result);
        }

        results.InsertRange(0, HostToolChecks.Run(file, streams.Stop));
        output.WriteMessage(new StreamMessage(AgentMessage.Result, new CheckReport(KernelHost.Current.Release, $"{Platform.Host}", results).Encode()));

        Tool Read()
        {
            Tool tool = tools.Resolver.FromImage(tools.Image);
            file = tool.File;
            return tool;
        }
    }
}

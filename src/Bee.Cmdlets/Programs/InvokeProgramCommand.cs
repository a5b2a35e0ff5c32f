using System.Management.Automation;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Tools;
using Bee.Cmdlets.Views;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Programs;

/// <summary>Runs a program in the foreground and gives what it reports.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "BeeProgram", DefaultParameterSetName = "Image")]
[OutputType(typeof(BpfEvent), typeof(MapEntry), typeof(TraceLine))]
public sealed class InvokeProgramCommand : RunCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        OpenMetrics();
        Guard(Target, () =>
        {
            if (Tools.Resolve(Program, Image) is { } tool)
            {
                Run(tool, new SessionFactory(Options, this, this));
            }
        });
    }

    private void Run(Tool tool, SessionFactory factory)
    {
        factory.Describe(tool);
        using RunStatistics statistics = TakeStatistics();
        // Whatever ends the stream comes through here as an exception at the latest when an object is written, so this detaches.
        (BpfSession session, EventReader reader) = factory.Start(tool);
        using (session)
        using (reader)
        using (Metrics?.Serve(session, reader, tool.Identity, statistics.Counts))
        using (var end = CancellationTokenSource.CreateLinkedTokenSource(Stop, statistics.Exceeded))
        {
            statistics.Watch(session);
            EventViews.Register(this, reader.Streams);
            StackNames.WarnIfHidden(this, reader.Streams);
            factory.WarnIfSilent(tool, reader);
            new PipelineSink(this, CommandRuntime, tool.Name, MaxEvents).Run(reader, Duration, end.Token);
            LossCount.Report(reader.Streams, this);
        }

        statistics.ThrowIfExceeded();
    }
}

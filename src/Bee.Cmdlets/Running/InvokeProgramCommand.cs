using System.Management.Automation;
using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>Runs a program in the foreground and gives what it reports.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "BeeProgram", DefaultParameterSetName = "Image")]
[OutputType(typeof(BpfEvent), typeof(MapEntry), typeof(TraceLine))]
public sealed class InvokeProgramCommand : RunCmdlet
{
    private protected override void Run(ProgramInput input)
    {
        // Whatever ends the stream comes through here as an exception at the latest when an object is written, so this detaches.
        (BpfSession session, EventReader reader) = Attach(input);
        using (session)
        using (reader)
        using (Measure(input, session, reader))
        {
            EventViews.Register(this, reader.Streams);
            StackNames.WarnIfHidden(this, reader.Streams);
            WarnIfSilent(input, reader);
            var sink = new PipelineSink(this, CommandRuntime, MaxEvents);
            reader.Run(sink, Stop, Duration);
            sink.TellLosses();
            TellCounts(reader);
        }
    }

    private void TellCounts(EventReader reader)
    {
        foreach (RecordStream stream in reader.Streams)
        {
            Tell(LossCount.Describe(stream));
            if (LossCount.Suspicion(stream) is { } suspicion)
            {
                WriteWarning(suspicion);
            }
        }
    }
}

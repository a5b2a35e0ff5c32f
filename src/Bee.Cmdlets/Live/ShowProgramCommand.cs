using System.Management.Automation;
using Bee.Cmdlets.Live;
using Bee.Ebpf;
using Bee.Terminal.Models;

namespace Bee.Cmdlets;

/// <summary>Shows what a tool reports on the whole screen, until the user ends it.</summary>
[Cmdlet(VerbsCommon.Show, "BeeProgram", DefaultParameterSetName = "Image")]
[OutputType(typeof(BpfEvent), typeof(MapEntry))]
public sealed class ShowProgramCommand : RunCmdlet
{
    /// <summary>Gives the objects that the user has marked, when the view has ended.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override void Run(ProgramInput input)
    {
        string? whyNot = LiveScreen.WhyNot();
        if (whyNot is not null)
        {
            WriteWarning($"The live view needs a terminal, and {whyNot}: what {input.Name} reports follows as plain tables.");
        }

        (BpfSession session, EventReader reader) = Attach(input);
        LiveModel? model = null;
        using (session)
        using (reader)
        using (Measure(input, session, reader))
        {
            EventViews.Register(this, reader.Streams);
            StackNames.WarnIfHidden(this, reader.Streams);
            WarnIfSilent(input, reader);
            if (whyNot is not null)
            {
                var sink = new PipelineSink(this, CommandRuntime, MaxEvents);
                reader.Run(sink, Stop, Duration);
                sink.TellLosses();
            }
            else
            {
                model = Show(input, session, reader);
            }
        }

        foreach (RecordStream stream in reader.Streams)
        {
            Tell(LossCount.Describe(stream));
            if (LossCount.Suspicion(stream) is { } suspicion)
            {
                WriteWarning(suspicion);
            }
        }

        foreach (object marked in PassThru && model is not null ? model.Marked : [])
        {
            WriteObject(EventObject.Of((BpfEvent)marked));
        }
    }

    private LiveModel Show(ProgramInput input, BpfSession session, EventReader reader)
    {
        bool hasEnded = false;
        IReadOnlyList<RecordStream> streams = reader.Streams;
        LiveSink? sink = null;
        var model = new LiveModel(input.Name, () => StreamStatus.Of(streams, sink!.Count, null, Volatile.Read(ref hasEnded)));
        var tabs = new LiveTabs(model);
        tabs.Add(streams);
        sink = new LiveSink(tabs, MaxEvents);
        using LiveScreen screen = LiveScreen.Show(model);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Stop, screen.Closed);
        try
        {
            reader.Run(sink, end.Token, Duration);
        }
        finally
        {
            // Before the terminal is let go of: a signal that ends the process waits for that.
            reader.Dispose();
            session.Dispose();
        }

        Volatile.Write(ref hasEnded, true);
        screen.Wait(Stop);
        screen.End();
        foreach (string notice in sink.Notices)
        {
            WriteWarning(notice);
        }

        return model;
    }
}

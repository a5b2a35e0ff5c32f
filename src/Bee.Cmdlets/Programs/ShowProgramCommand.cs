using System.Management.Automation;
using Bee.Cmdlets.Live;
using Bee.Cmdlets.Metrics;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Tools;
using Bee.Cmdlets.Views;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Posix;
using Bee.Telemetry.Captures;
using Bee.Terminal.Models;

namespace Bee.Cmdlets.Programs;

/// <summary>Shows what a tool reports on the whole screen, until the user ends it.</summary>
[Cmdlet(VerbsCommon.Show, "BeeProgram", DefaultParameterSetName = "Image")]
[Alias("Watch-BeeProgram")]
[OutputType(typeof(BpfEvent), typeof(MapEntry))]
public sealed class ShowProgramCommand : RunCmdlet
{
    private readonly List<BpfProgramSession> _sessions = [];

    /// <summary>Programs that run in the background, by name, id or object; wildcards are allowed. They go on when the view ends.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Session")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackgroundProgramCompleter))]
    public object[]? Session { get; set; }

    /// <summary>Programs that run in the background, as Start-BeeProgram and Get-BeeProgram give them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "InputObject", ValueFromPipeline = true)]
    [ValidateNotNull]
    public BpfProgramSession[]? InputObject { get; set; }

    /// <summary>Gives the objects that the user has marked, when the view has ended.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (InputObject is not null)
        {
            _sessions.AddRange(InputObject.Except(_sessions));
        }
        else if (Session is not null)
        {
            _sessions.AddRange(new SessionSelector(this).Select(Session).Distinct());
        }
        else
        {
            OpenMetrics();
            Guard(Target, () =>
            {
                CaptureOptions? capture = CheckCapture();
                if (Tools.Resolve(Program, Image) is { } tool)
                {
                    Run(tool, capture);
                }
            });
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        Metrics?.Finish(WriteWarning, Stop);
        if (_sessions.Count > 0)
        {
            WarnOfRunOptions();
            Guard(_sessions[0], () => new BackgroundView(this, CommandRuntime).Show(_sessions, Interval, Stop).ForEach(GiveMarked));
        }
    }

    private void Run(Tool tool, CaptureOptions? capture)
    {
        string? whyNot = LiveScreen.WhyNot();
        // A table of entries must not show keys that were deleted.
        SessionOptions options = Options with { AllEntries = All || whyNot is null };
        var factory = new SessionFactory(options, this, this);
        factory.Describe(tool);
        if (whyNot is not null)
        {
            WriteWarning($"The live view needs a terminal, and {whyNot}: what {tool.Name} reports follows as plain tables.");
        }

        using RunStatistics statistics = TakeStatistics();
        (BpfSession session, EventReader reader) = factory.Start(tool);
        LiveModel? model = null;
        CaptureWriter? writer = null;
        try
        {
            using (session)
            using (reader)
            using (ServedSession? served = Metrics?.Serve(session, reader, tool.Identity, statistics.Counts))
            {
                writer = CapturePath.Create(capture, reader.Streams);
                statistics.Watch(session);
                EventViews.Register(this, reader.Streams);
                StackNames.WarnIfHidden(this, reader.Streams);
                factory.WarnIfSilent(tool, reader);
                if (whyNot is not null)
                {
                    using var end = CancellationTokenSource.CreateLinkedTokenSource(Stop, statistics.Exceeded);
                    var sink = new PipelineSink(this, CommandRuntime, tool.Name, MaxEvents);
                    sink.Run(reader, Duration, end.Token, Captured(sink, writer, end.Token));
                }
                else
                {
                    model = Show(tool, session, reader, options.AllEntries, writer, served, statistics.Exceeded);
                }
            }

            // Programs are not kept attached by a disk that is slow.
            if (writer is not null)
            {
                WriteNote($"Captured {Quantity.Of(writer.Complete().Events, "event")} in {writer.Path}.");
            }
        }
        finally
        {
            writer?.Dispose();
        }

        LossCount.Report(reader.Streams, this);
        foreach (object marked in model?.Marked ?? [])
        {
            GiveMarked((BpfEvent)marked);
        }

        statistics.ThrowIfExceeded();
    }

    private void GiveMarked(BpfEvent marked)
    {
        if (PassThru)
        {
            WriteObject(EventObject.Of(marked));
        }
    }

    private void WarnOfRunOptions()
    {
        string[] own = [nameof(Session), nameof(InputObject), nameof(PassThru), nameof(Interval), .. CommonParameters, .. OptionalCommonParameters];
        foreach (string name in MyInvocation.BoundParameters.Keys.Except(own))
        {
            WriteWarning($"-{name} has no effect: the programs that are shown run already.");
        }
    }

    private static IEventSink Captured(IEventSink sink, CaptureWriter? writer, CancellationToken cancellationToken) => writer is null ? sink : new CaptureSink(writer, sink, passThru: true, 0, cancellationToken);

    private LiveModel Show(Tool tool, BpfSession session, EventReader reader, bool givesAll, CaptureWriter? writer, ServedSession? served, CancellationToken exceeded)
    {
        bool hasEnded = false;
        IReadOnlyList<RecordStream> streams = reader.Streams;
        LiveSink? sink = null;
        using var share = ShareMeter.Start(session.Programs);
        var model = new LiveModel(tool.Name, () => StreamStatus.Of(streams, sink!.Count, null, Volatile.Read(ref hasEnded), share?.Read()));
        var tabs = new LiveTabs(model);
        tabs.Add(streams, Interval, givesAll, isNew: true);
        sink = new LiveSink(tabs, MaxEvents);
        using var screen = LiveScreen.Show(model);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Stop, screen.Closed, exceeded);
        try
        {
            reader.Run(Captured(sink, writer, end.Token), end.Token, Duration);
        }
        finally
        {
            // Before the terminal is let go of: a signal that ends the process waits for that.
            served?.Freeze();
            reader.Dispose();
            session.Dispose();
        }

        Volatile.Write(ref hasEnded, true);
        // A tool that was detached ends the view, so that its error is seen.
        screen.Wait(end.Token);
        screen.End();
        foreach (string notice in sink.Notices)
        {
            WriteWarning(notice);
        }

        return model;
    }
}

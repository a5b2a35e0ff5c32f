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

/// <summary>Shows a tool's events in a full-screen view until the user ends it.</summary>
[Cmdlet(VerbsCommon.Show, "BeeProgram", DefaultParameterSetName = "Image")]
[Alias("Watch-BeeProgram")]
[OutputType(typeof(BpfEvent), typeof(MapEntry))]
public sealed class ShowProgramCommand : RunCmdlet
{
    private readonly List<BpfProgramSession> _sessions = [];

    /// <summary>Background sessions, by name, id or object; wildcards are allowed. They continue when the view ends.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Session")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackgroundProgramCompleter))]
    public object[]? Session { get; set; }

    /// <summary>Background sessions from Start-BeeProgram or Get-BeeProgram.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "InputObject", ValueFromPipeline = true)]
    [ValidateNotNull]
    public BpfProgramSession[]? InputObject { get; set; }

    /// <summary>Writes the objects that the user marked, when the view has ended.</summary>
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
            Prepare();
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
        // The view needs all entries of a map at each reading, so that it can remove deleted keys.
        SessionOptions options = SessionOptions with { AllEntries = All || whyNot is null };
        var factory = new SessionFactory(options, this, this);
        factory.Describe(tool);
        if (whyNot is not null)
        {
            WriteWarning($"The live view needs a terminal, but {whyNot}. The events of {tool.Name} are written as plain tables.");
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

            // The capture is completed after the tool was detached, so that a slow disk does not keep its programs attached.
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
            WriteWarning($"-{name} has no effect, because the sessions are already running.");
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
            // Done before the terminal is restored: a signal that ends the process waits until then.
            served?.Freeze();
            reader.Dispose();
            session.Dispose();
        }

        Volatile.Write(ref hasEnded, true);
        // If the tool was detached because of its overhead, the view ends, so that the user sees the error.
        screen.Wait(end.Token);
        screen.End();
        foreach (string notice in sink.Notices)
        {
            WriteWarning(notice);
        }

        return model;
    }
}

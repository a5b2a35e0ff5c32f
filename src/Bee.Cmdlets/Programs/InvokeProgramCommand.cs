using System.Management.Automation;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Tools;
using Bee.Cmdlets.Views;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Telemetry.Captures;

namespace Bee.Cmdlets.Programs;

/// <summary>Runs a tool in the foreground and returns its events.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "BeeProgram", DefaultParameterSetName = "Image")]
[OutputType(typeof(BpfEvent), typeof(MapEntry), typeof(TraceLine), typeof(CaptureFile))]
public sealed class InvokeProgramCommand : RunCmdlet
{
    // All tools of a command share one capture.
    private CaptureWriter? _capture;
    private bool _hasReported;

    /// <summary>Writes captured events to the pipeline too.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        Prepare();
        Guard(Target, () =>
        {
            CaptureOptions? options = _capture is null ? CheckCapture() : null;
            if (Tools.Resolve(Program, Image) is { } tool)
            {
                Run(tool, new SessionFactory(Options, this, this), options);
            }
        });
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        Metrics?.Finish(WriteWarning, Stop);
        Guard(Capture, Complete);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _capture?.Dispose();
        if (_capture is not null && !_hasReported)
        {
            _hasReported = true;
            CapturePath.WriteEnd(Host, _capture);
        }

        base.Dispose(disposing);
    }

    private void Complete()
    {
        if (_capture is not { Fault: null })
        {
            // Null if nothing is captured, or if the error of the capture was written before.
            return;
        }

        _hasReported = true;
        CaptureFile done = _capture.Complete();
        if (PassThru)
        {
            WriteNote(CapturePath.Describe(done));
        }
        else
        {
            WriteObject(done);
        }
    }

    private void Run(Tool tool, SessionFactory factory, CaptureOptions? options)
    {
        factory.Describe(tool);
        using RunStatistics statistics = TakeStatistics();
        // If the pipeline ends early, the next write of an object throws. The using statements then detach the tool.
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
            _capture ??= CapturePath.Create(options, reader.Streams);
            CapturePath.NoteCounted(_capture, reader.Streams);
            var sink = new PipelineSink(this, CommandRuntime, tool.Name, MaxEvents);
            sink.Run(reader, Duration, end.Token, _capture is null ? sink : new CaptureSink(_capture, sink, PassThru, MaxEvents, end.Token));
            LossCount.Report(reader.Streams, this);
        }

        statistics.ThrowIfExceeded();
    }
}

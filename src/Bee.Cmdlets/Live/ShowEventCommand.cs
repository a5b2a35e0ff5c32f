using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Bee.Cmdlets.Live;
using Bee.Terminal.Models;

namespace Bee.Cmdlets;

/// <summary>Shows what comes down the pipeline on the whole screen, until the user ends it.</summary>
[Cmdlet(VerbsCommon.Show, "BeeEvent")]
[OutputType(typeof(PSObject))]
public sealed class ShowEventCommand : BeeCmdlet
{
    // How long commands before this one may take to end when the user has ended the view.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private LiveScreen? _screen;
    private LiveModel? _model;
    private ObjectTabs? _tabs;
    private Timer? _deadline;
    private long _count;
    private bool _hasEnded;

    /// <summary>The objects: events, or anything else.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [AllowNull]
    public PSObject? InputObject { get; set; }

    /// <summary>What the first line calls it. Without it the command line.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Title { get; set; }

    /// <summary>Gives the objects that the user has marked, when the view has ended.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (LiveScreen.WhyNot() is { } whyNot)
        {
            WriteWarning($"The live view needs a terminal, and {whyNot}: the objects follow as plain tables.");
            return;
        }

        _model = new LiveModel(
            Title ?? MyInvocation.Line.Trim().Split('\n')[0],
            () => new LiveStatus(Volatile.Read(ref _count), null, null, null, null, false, Volatile.Read(ref _hasEnded)));
        _tabs = new ObjectTabs(_model);
        Guard(null, () =>
        {
            _screen = LiveScreen.Show(_model);
            Runspace? runspace = Runspace.DefaultRunspace;
            _screen.Closed.Register(() => OnClosed(runspace));
        });
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (_screen is null)
        {
            WriteObject(InputObject);
            return;
        }

        if (_screen.Closed.IsCancellationRequested)
        {
            Finish();
            if (Upstream.Signal(this) is { } signal)
            {
                throw signal;
            }

            throw new PipelineStoppedException();
        }

        if (InputObject is not null)
        {
            _tabs!.Give(InputObject);
            Volatile.Write(ref _count, _count + 1);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_screen is not null)
        {
            Volatile.Write(ref _hasEnded, true);
            _screen.Wait(Stop);
            Finish();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _deadline?.Dispose();
        _screen?.Dispose();
        base.Dispose(disposing);
    }

    // On the view's thread, with the terminal as it was: the pipeline's may wait in a command before this one.
    private void OnClosed(Runspace? runspace)
    {
        if (Volatile.Read(ref _hasEnded))
        {
            return;
        }

        // Marked objects would be lost with the pipeline; they come with the next object then.
        if (runspace is not null && !(PassThru && _model!.Marked.Count > 0))
        {
            _deadline = new Timer(_ => Upstream.StopPipeline(runspace), null, s_patience, Timeout.InfiniteTimeSpan);
        }

        Upstream.Wake(this);
    }

    private void Finish()
    {
        _deadline?.Dispose();
        Guard(null, _screen!.End);
        foreach (object marked in PassThru ? _model!.Marked : [])
        {
            WriteObject(ObjectTabs.Unwrap(marked));
        }
    }
}

using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Live;
using Bee.Terminal.Models;

namespace Bee.Cmdlets.Events;

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
    [ArgumentCompleter(typeof(NothingCompleter))]
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

/// <summary>
/// Ends the commands before one in its pipeline, as Select-Object -First does. The engine keeps the means to itself, so its members are found by name; where an engine does
/// not have them, the pipeline ends at the next object or by Ctrl+C.
/// </summary>
internal static class Upstream
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Lets the commands before this one end their waiting, as if Ctrl+C had been pressed for them alone. Safe from any thread.</summary>
    public static void Wake(PSCmdlet cmdlet)
    {
        object runtime = cmdlet.CommandRuntime;
        foreach (object processor in Value(Value(runtime, "PipelineProcessor"), "Commands") as IEnumerable ?? Array.Empty<object>())
        {
            if (ReferenceEquals(Value(processor, "CommandRuntime"), runtime))
            {
                return;
            }

            object? command = Value(processor, "Command");
            try
            {
                command?.GetType().GetMethod("DoStopProcessing", Any)?.Invoke(command, null);
            }
            catch (TargetInvocationException)
            {
                // A command that cannot stop is met at its next object.
            }
        }
    }

    /// <summary>Stops the whole pipeline that runs in a runspace, for commands that <see cref="Wake"/> does not reach: loops of scripts. Does not wait for it.</summary>
    public static void StopPipeline(System.Management.Automation.Runspaces.Runspace runspace)
    {
        object? running = runspace.GetType().GetMethod("GetCurrentlyRunningPipeline", Any)?.Invoke(runspace, null);
        running?.GetType().GetMethod("StopAsync", Any, [])?.Invoke(running, null);
    }

    /// <summary>Makes the exception that ends the commands before this one and lets those behind it finish. Null where the engine has none.</summary>
    public static Exception? Signal(PSCmdlet cmdlet)
    {
        Type? type = typeof(PSCmdlet).Assembly.GetType("System.Management.Automation.StopUpstreamCommandsException");
        ConstructorInfo? constructor = type?.GetConstructors(Any).FirstOrDefault(one => one.GetParameters().Length == 1);
        return constructor?.Invoke([cmdlet]) as Exception;
    }

    private static object? Value(object? item, string property) => item?.GetType().GetProperty(property, Any)?.GetValue(item);
}

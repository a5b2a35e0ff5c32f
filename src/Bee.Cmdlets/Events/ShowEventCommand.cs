using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Live;
using Bee.Terminal.Models;

namespace Bee.Cmdlets.Events;

/// <summary>Shows pipeline objects in a full-screen view until the user ends it.</summary>
[Cmdlet(VerbsCommon.Show, "BeeEvent")]
[OutputType(typeof(PSObject))]
public sealed class ShowEventCommand : BeeCmdlet
{
    // How long earlier commands of the pipeline may take to end after the user has ended the view.
    private static readonly TimeSpan s_endTimeout = TimeSpan.FromSeconds(1);

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

    /// <summary>The title in the first line. By default the command line.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Title { get; set; }

    /// <summary>Writes the objects that the user marked, when the view has ended.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (LiveScreen.WhyNot() is { } whyNot)
        {
            WriteWarning($"The live view needs a terminal, but {whyNot}. The objects are written as plain tables.");
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

    // Runs on the view's thread after the terminal was restored. The pipeline's thread may still wait in an earlier command.
    private void OnClosed(Runspace? runspace)
    {
        if (Volatile.Read(ref _hasEnded))
        {
            return;
        }

        // Stopping the pipeline would lose marked objects. In that case they are written when the next object arrives.
        if (runspace is not null && !(PassThru && _model!.Marked.Count > 0))
        {
            _deadline = new Timer(_ => Upstream.StopPipeline(runspace), null, s_endTimeout, Timeout.InfiniteTimeSpan);
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
/// Ends the earlier commands of a cmdlet's pipeline, as Select-Object -First does. The engine's members for it are internal, so they are looked up by name. If an engine does
/// not have them, the pipeline ends at the next object or by Ctrl+C.
/// </summary>
internal static class Upstream
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Stops the earlier commands of the pipeline, as if Ctrl+C had been pressed for them only. Thread-safe.</summary>
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
                // A command that cannot be stopped ends at its next object.
            }
        }
    }

    /// <summary>Stops the whole pipeline of a runspace, for commands that <see cref="Wake"/> does not reach, such as loops in scripts. Does not wait.</summary>
    public static void StopPipeline(System.Management.Automation.Runspaces.Runspace runspace)
    {
        object? running = runspace.GetType().GetMethod("GetCurrentlyRunningPipeline", Any)?.Invoke(runspace, null);
        running?.GetType().GetMethod("StopAsync", Any, [])?.Invoke(running, null);
    }

    /// <summary>Returns the exception that ends the earlier commands and lets the later ones finish. Null if the engine does not have it.</summary>
    public static Exception? Signal(PSCmdlet cmdlet)
    {
        Type? type = typeof(PSCmdlet).Assembly.GetType("System.Management.Automation.StopUpstreamCommandsException");
        ConstructorInfo? constructor = type?.GetConstructors(Any).FirstOrDefault(one => one.GetParameters().Length == 1);
        return constructor?.Invoke([cmdlet]) as Exception;
    }

    private static object? Value(object? item, string property) => item?.GetType().GetProperty(property, Any)?.GetValue(item);
}

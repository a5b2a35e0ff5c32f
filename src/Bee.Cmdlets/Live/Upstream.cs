using System.Collections;
using System.Management.Automation;
using System.Reflection;

namespace Bee.Cmdlets.Live;

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

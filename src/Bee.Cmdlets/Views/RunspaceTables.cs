using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;
using System.Reflection;

namespace Bee.Cmdlets.Views;

/// <summary>The runspaces that have imported the module.</summary>
internal static class Runspaces
{
    private static readonly object s_lock = new();
    private static readonly List<WeakReference<Runspace>> s_all = [];

    /// <summary>A number that changes when a runspace imports the module.</summary>
    public static int Version { get; private set; }

    /// <summary>Adds a runspace.</summary>
    public static void Add(Runspace runspace)
    {
        lock (s_lock)
        {
            if (!Open().Contains(runspace))
            {
                s_all.RemoveAll(one => !one.TryGetTarget(out _));
                s_all.Add(new WeakReference<Runspace>(runspace));
                Version++;
            }
        }
    }

    /// <summary>Returns the runspaces that are open.</summary>
    public static IReadOnlyList<Runspace> Open()
    {
        lock (s_lock)
        {
            return [.. s_all.Select(one => one.TryGetTarget(out Runspace? runspace) ? runspace : null).OfType<Runspace>().Where(IsOpen)];
        }
    }

    private static bool IsOpen(Runspace runspace) => runspace.RunspaceStateInfo.State is RunspaceState.BeforeOpen or RunspaceState.Opening or RunspaceState.Opened;
}

/// <summary>
/// Applies views and members of types to a runspace from any thread. Objects from other computers are created on a thread of the connection, while the runspace that is going to show them waits for them, so
/// no command can run in it. PowerShell has no public way to do it: <c>Update-FormatData</c> and <c>Update-TypeData</c> work in the current runspace only.
/// </summary>
/// <remarks>
/// Uses four members that are internal in PowerShell 7.4 to 7.6. If one is missing, nothing is applied, and the objects are shown as lists until a command of the module runs in the runspace.
/// PowerShell takes a lock for each change.
/// </remarks>
internal static class RunspaceTables
{
    private const BindingFlags Internal = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;

    private static readonly PropertyInfo? s_context = typeof(Runspace).GetProperty("GetExecutionContext", Internal);
    private static readonly PropertyInfo? s_types = s_context?.PropertyType.GetProperty("TypeTable", Internal);
    private static readonly PropertyInfo? s_host = s_context?.PropertyType.GetProperty("EngineHostInterface", Internal);
    private static readonly MethodInfo? s_updateFormats = s_context is null ? null : typeof(InitialSessionState).GetMethod("UpdateFormats", Internal, [s_context.PropertyType, typeof(bool)]);

    /// <summary>Whether this PowerShell has all members.</summary>
    public static bool IsSupported => s_types is not null && s_updateFormats is not null;

    /// <summary>Returns the host of a runspace; null if it is not known.</summary>
    public static PSHost? Host(Runspace runspace) => Context(runspace) is { } context ? s_host?.GetValue(context) as PSHost : null;

    /// <summary>Applies the formats of the runspace's initial state.</summary>
    /// <returns>False if that failed.</returns>
    public static bool UpdateFormats(Runspace runspace) => Try(runspace, context => s_updateFormats?.Invoke(runspace.InitialSessionState, [context, false]));

    /// <summary>Adds members of types.</summary>
    /// <returns>False if that failed.</returns>
    public static bool AddTypes(Runspace runspace, IReadOnlyList<TypeData> types) => Try(runspace, context =>
    {
        if (s_types?.GetValue(context) is TypeTable table)
        {
            foreach (TypeData type in types)
            {
                table.AddType(type);
                runspace.InitialSessionState.Types.Add(new SessionStateTypeEntry(type, isRemove: false));
            }
        }
    });

    private static object? Context(Runspace runspace)
    {
        try
        {
            return s_context?.GetValue(runspace);
        }
        catch (TargetInvocationException)
        {
            // The runspace is closed, or is the proxy of a remote one.
            return null;
        }
    }

    private static bool Try(Runspace runspace, Action<object> update)
    {
        try
        {
            if (!IsSupported || Context(runspace) is not { } context)
            {
                return false;
            }

            update(context);
            return true;
        }
        catch (Exception fault) when (fault is TargetInvocationException or RuntimeException or InvalidOperationException)
        {
            return false;
        }
    }
}

/// <summary>Prepares a runspace that imports the module for objects from other processes and runspaces.</summary>
public sealed class ModuleStart : IModuleAssemblyInitializer
{
    /// <inheritdoc/>
    public void OnImport()
    {
        if (Runspace.DefaultRunspace is { } runspace)
        {
            Runspaces.Add(runspace);
            EventViews.Prepare(runspace);
        }
    }
}

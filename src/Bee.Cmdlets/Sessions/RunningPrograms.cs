using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Bee.Cmdlets.Sessions;

/// <summary>
/// The background sessions of this process, visible to all runspaces. A session stops when the runspace that started it closes.
/// Removing the module stops the sessions of its runspace.
/// </summary>
internal static class RunningPrograms
{
    private static readonly object s_gate = new();
    private static readonly List<BpfProgramSession> s_sessions = [];
    private static int s_lastId;

    /// <summary>Raised after a session was removed from the list.</summary>
    public static event Action<BpfProgramSession>? Removed;

    public static int NextId() => Interlocked.Increment(ref s_lastId);

    /// <summary>Returns the sessions in the order in which they were started.</summary>
    public static IReadOnlyList<BpfProgramSession> All()
    {
        lock (s_gate)
        {
            return [.. s_sessions];
        }
    }

    /// <summary>Adds a session, and stops it when its owner closes.</summary>
    public static void Add(BpfProgramSession session, Runspace? owner)
    {
        lock (s_gate)
        {
            if (!s_sessions.Contains(session))
            {
                s_sessions.Add(session);
            }
        }

        RunspaceEnd.Watch(owner);
    }

    public static void Remove(BpfProgramSession session)
    {
        lock (s_gate)
        {
            s_sessions.Remove(session);
        }

        Removed?.Invoke(session);
    }

    /// <summary>Stops the sessions of a runspace and removes them. Pinned sessions continue without this process.</summary>
    public static void StopAllOf(Guid runspace)
    {
        foreach (BpfProgramSession session in All())
        {
            if (session.Runspace == runspace)
            {
                session.Leave();
                Remove(session);
            }
        }
    }
}

/// <summary>Stops the background sessions of a runspace when the module is removed from it.</summary>
public sealed class ModuleCleanup : IModuleAssemblyCleanup
{
    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        if (Runspace.DefaultRunspace is { } runspace)
        {
            RunspaceEnd.StopAllOf(runspace.InstanceId);
        }
    }
}

/// <summary>Stops the sessions and servers of a runspace when it closes.</summary>
internal static class RunspaceEnd
{
    private static readonly HashSet<Guid> s_watched = [];

    /// <summary>Raised after a runspace was closed, or the module was removed from it, before its sessions are stopped.</summary>
    public static event Action<Guid>? Ended;

    /// <summary>Watches a runspace.</summary>
    public static void Watch(Runspace? owner)
    {
        lock (s_watched)
        {
            if (owner is not null && s_watched.Add(owner.InstanceId))
            {
                owner.StateChanged += OnState;
            }
        }
    }

    /// <summary>Stops the sessions and servers of a runspace.</summary>
    public static void StopAllOf(Guid runspace)
    {
        Ended?.Invoke(runspace);
        RunningPrograms.StopAllOf(runspace);
    }

    private static void OnState(object? sender, RunspaceStateEventArgs change)
    {
        if (sender is not Runspace runspace
            || change.RunspaceStateInfo.State is not (RunspaceState.Closing or RunspaceState.Closed or RunspaceState.Broken))
        {
            return;
        }

        runspace.StateChanged -= OnState;
        lock (s_watched)
        {
            s_watched.Remove(runspace.InstanceId);
        }

        StopAllOf(runspace.InstanceId);
    }
}

using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Bee.Cmdlets.Sessions;

/// <summary>
/// The background programs of this process. All runspaces see them; the one that started a program takes it down when it closes,
/// and removing the module takes down what its runspace started.
/// </summary>
internal static class RunningPrograms
{
    private static readonly object s_gate = new();
    private static readonly List<BpfProgramSession> s_sessions = [];
    private static int s_lastId;

    /// <summary>Raised when a program has been taken off the list.</summary>
    public static event Action<BpfProgramSession>? Removed;

    public static int NextId() => Interlocked.Increment(ref s_lastId);

    /// <summary>The programs in the order they were started.</summary>
    public static IReadOnlyList<BpfProgramSession> All()
    {
        lock (s_gate)
        {
            return [.. s_sessions];
        }
    }

    /// <summary>Adds a program, and watches the runspace that started it.</summary>
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

    /// <summary>Stops and forgets what a runspace started; what is pinned goes on without.</summary>
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

/// <summary>Runs when the module is removed from a session: what that session started in the background ends.</summary>
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

/// <summary>Watches runspaces: what one started in the background of this process ends when it closes.</summary>
internal static class RunspaceEnd
{
    private static readonly HashSet<Guid> s_watched = [];

    /// <summary>Raised when a runspace has closed, or the module was removed from it, before its programs are stopped.</summary>
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

    /// <summary>Stops what a runspace started.</summary>
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

using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Bee.Cmdlets;

/// <summary>
/// The background programs of this process. All runspaces see them; the one that started a program takes it down when it closes,
/// and removing the module takes down what its runspace started.
/// </summary>
internal static class RunningPrograms
{
    private static readonly object s_gate = new();
    private static readonly List<BpfProgramSession> s_sessions = [];
    private static int s_lastId;

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

        RunningServers.Leave(session);
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

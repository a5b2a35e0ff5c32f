using System.Management.Automation.Runspaces;

namespace Bee.Cmdlets;

/// <summary>Watches runspaces: what one started in the background of this process ends when it closes.</summary>
internal static class RunspaceEnd
{
    private static readonly HashSet<Guid> s_watched = [];

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
        RunningServers.StopAllOf(runspace);
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

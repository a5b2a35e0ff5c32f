using System.Management.Automation.Runspaces;

namespace Bee.Cmdlets;

/// <summary>
/// The metric servers of this process. All runspaces see them; the one that started a server stops it when it closes, and removing the module stops what its runspace started.
/// </summary>
internal static class RunningServers
{
    private static readonly object s_gate = new();
    private static readonly List<BeeMetricServer> s_servers = [];
    private static int s_lastId;

    public static int NextId() => Interlocked.Increment(ref s_lastId);

    /// <summary>The servers in the order they were started.</summary>
    public static IReadOnlyList<BeeMetricServer> All()
    {
        lock (s_gate)
        {
            return [.. s_servers];
        }
    }

    /// <summary>Adds a server, and watches the runspace that started it.</summary>
    public static void Add(BeeMetricServer server, Runspace? owner)
    {
        lock (s_gate)
        {
            s_servers.Add(server);
        }

        RunspaceEnd.Watch(owner);
    }

    /// <summary>Stops a server and takes it off the list.</summary>
    public static void Stop(BeeMetricServer server)
    {
        server.Stop();
        lock (s_gate)
        {
            s_servers.Remove(server);
        }
    }

    /// <summary>Lets a server serve one more session, and end with the last.</summary>
    public static void Join(BeeMetricServer server, BpfProgramSession session)
    {
        lock (s_gate)
        {
            server.Owners!.Add(session);
        }
    }

    /// <summary>Whether a server serves a session.</summary>
    public static bool Serves(HashSet<BpfProgramSession> owners, BpfProgramSession session)
    {
        lock (s_gate)
        {
            return owners.Contains(session);
        }
    }

    /// <summary>Stops the servers that served this session alone, or as the last one.</summary>
    public static void Leave(BpfProgramSession session)
    {
        foreach (BeeMetricServer server in All())
        {
            bool isLast;
            lock (s_gate)
            {
                isLast = server.Owners is { } owners && owners.Remove(session) && owners.Count == 0;
            }

            if (isLast)
            {
                Stop(server);
            }
        }
    }

    /// <summary>Stops what a runspace started.</summary>
    public static void StopAllOf(Guid runspace)
    {
        foreach (BeeMetricServer server in All())
        {
            if (server.Runspace == runspace)
            {
                Stop(server);
            }
        }
    }
}

using Bee.Ebpf;

namespace Bee.Cmdlets.Sessions;

/// <summary>Caches the pinned sessions that this process has opened. There is one object for each, so that its events have one buffer.</summary>
internal static class PinnedSessions
{
    private static readonly object s_gate = new();
    private static readonly Dictionary<Guid, BpfProgramSession> s_known = [];

    /// <summary>Returns the sessions in a folder of pins, or the one session that a folder contains.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The sessions, sorted by folder. Folders that Bee did not create have the state Unknown.</returns>
    /// <exception cref="PinException">The folder does not exist or cannot be read.</exception>
    public static IReadOnlyList<BpfProgramSession> In(string folder)
    {
        if (folder != PinPath.DefaultFolder && !PinnedProgram.HasProgramFolders(folder))
        {
            return [Of(PinnedProgram.Open(folder))];
        }

        return [.. PinnedProgram.List(folder).Select(found => found.Program is { } program ? Of(program) : new BpfProgramSession(found.Folder, found.Fault!))];
    }

    /// <summary>Returns the session that is pinned under a name or path, or that was started with the name; null if no session matches.</summary>
    public static BpfProgramSession? Find(string name)
    {
        try
        {
            return Of(PinnedProgram.Open(PinPath.Resolve(name)));
        }
        catch (PinException e) when (e.Fault is PinFault.NotFound or PinFault.BadPath or PinFault.NotOnBpffs or PinFault.NoPermission)
        {
            return ByDetails(name);
        }
    }

    private static BpfProgramSession? ByDetails(string name)
    {
        try
        {
            return PinnedProgram.List().FirstOrDefault(found => name.Equals(found.Program?.Details.Name, StringComparison.OrdinalIgnoreCase)).Program is { } program ? Of(program) : null;
        }
        catch (PinException)
        {
            return null;
        }
    }

    /// <summary>Returns the names in the default folder, for completion. Opens nothing.</summary>
    public static IEnumerable<string> Names()
    {
        try
        {
            return Directory.GetDirectories(PinPath.DefaultFolder).Select(path => Path.GetFileName(path)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Removes an ended session from the cache.</summary>
    public static void Forget(BpfProgramSession session)
    {
        lock (s_gate)
        {
            if (session.Pinned is { } pinned)
            {
                s_known.Remove(pinned.Id);
            }
        }
    }

    private static BpfProgramSession Of(PinnedProgram program)
    {
        if (RunningPrograms.All().FirstOrDefault(session => session.Pinned?.Id == program.Id) is { } running)
        {
            return running;
        }

        lock (s_gate)
        {
            if (!s_known.TryGetValue(program.Id, out BpfProgramSession? session))
            {
                s_known[program.Id] = session = new BpfProgramSession(RunningPrograms.NextId(), program);
            }

            return session;
        }
    }
}

/// <summary>Detects that a folder of pins was removed: another process has stopped the session, and this one should close it.</summary>
internal static class PinWatch
{
    /// <summary>Watches until the result is disposed or the folder is removed. Returns null if the system has no inotify watch left.</summary>
    public static IDisposable? Start(PinnedProgram pinned, Action gone)
    {
        FileSystemWatcher? watch = null;
        try
        {
            watch = new FileSystemWatcher(Path.GetDirectoryName(pinned.Folder)!, Path.GetFileName(pinned.Folder)) { NotifyFilter = NotifyFilters.DirectoryName };
            watch.Deleted += (_, _) => gone();
            watch.EnableRaisingEvents = true;
            if (!Directory.Exists(pinned.Folder))
            {
                ThreadPool.QueueUserWorkItem(_ => gone());
            }

            return watch;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            // Reading continues without a watch. Then the session ends when the user stops it in this process too.
            watch?.Dispose();
            return null;
        }
    }
}

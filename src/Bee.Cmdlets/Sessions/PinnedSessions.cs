using Bee.Ebpf;

namespace Bee.Cmdlets.Sessions;

/// <summary>The pinned programs that this process has looked at: each is one object, however often it is asked for, so that its events have one buffer.</summary>
internal static class PinnedSessions
{
    private static readonly object s_gate = new();
    private static readonly Dictionary<Guid, BpfProgramSession> s_known = [];

    /// <summary>Everything in a folder of pins, or the one program that a folder holds.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Programs, sorted by folder, and in state Unknown what was not made by Bee.</returns>
    /// <exception cref="PinException">There is no such folder, or it cannot be looked into.</exception>
    public static IReadOnlyList<BpfProgramSession> In(string folder)
    {
        if (folder != PinPath.DefaultFolder && !PinnedProgram.HasProgramFolders(folder))
        {
            return [Of(PinnedProgram.Open(folder))];
        }

        return [.. PinnedProgram.List(folder).Select(found => found.Program is { } program ? Of(program) : new BpfProgramSession(found.Folder, found.Fault!))];
    }

    /// <summary>The program that is pinned under a name or path, or that was started with the name; null where there is none.</summary>
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

    /// <summary>The names in the default folder, for completion: nothing is opened.</summary>
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

    /// <summary>Forgets a program that has ended.</summary>
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

/// <summary>Tells when a folder of pins has gone: another process has ended the program, and whoever holds it open should let go.</summary>
internal static class PinWatch
{
    /// <summary>Watches until the result is disposed of, or until the folder has gone. Null where the system has no watch left.</summary>
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
            // Reading goes on without: then the end is seen when the person ends it here too.
            watch?.Dispose();
            return null;
        }
    }
}

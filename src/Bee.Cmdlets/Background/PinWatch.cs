using Bee.Ebpf;

namespace Bee.Cmdlets;

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

using Bee.Containers.Cgroups;
using Bee.Posix;

namespace Bee.Containers.Recording;

/// <summary>Selects the recorder of this host.</summary>
internal static class Recorders
{
    /// <summary>Loads Bee's recorder, or follows the cgroup file system if the kernel does not load it.</summary>
    /// <param name="tree">The cgroup hierarchies.</param>
    /// <returns>The recorder, and why processes are not recorded, as a sentence; null if they are.</returns>
    public static (IRecorder Recorder, string? Note) Open(CgroupTree tree)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                return (BpfRecorder.Open(tree), null);
            }
        }
        catch (BeeException e)
        {
            return (new FolderRecorder(tree), $"Containers that live only briefly may stay without names, because Bee's recorder of processes cannot be loaded. {e.Message}");
        }

        return (new FolderRecorder(tree), null);
    }
}

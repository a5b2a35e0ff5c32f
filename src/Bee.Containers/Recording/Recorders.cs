using Bee.Containers.Cgroups;

namespace Bee.Containers.Recording;

/// <summary>Selects the recorder of this host.</summary>
internal static class Recorders
{
    /// <summary>Loads Bee's recorder, or follows the cgroup file system if the kernel does not load it.</summary>
    /// <param name="tree">The cgroup hierarchies.</param>
    /// <returns>The recorder, and why processes are not recorded, as a sentence; null if they are.</returns>
    public static (IRecorder Recorder, string? Note) Open(CgroupTree tree) => (new FolderRecorder(tree), null);
}

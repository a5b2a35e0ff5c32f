using Microsoft.Win32.SafeHandles;

namespace Bee.Posix;

/// <summary>Files that have no name: only this process reaches them, and they are gone with it.</summary>
internal static class ScratchFile
{
    /// <summary>Opens a new file in the folder for temporary files, for reading and writing.</summary>
    /// <exception cref="IOException">The folder does not exist, or is full.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write into the folder.</exception>
    public static SafeFileHandle Open()
    {
        string path = Path.GetFullPath(Path.GetTempPath());
        using Folder folder = Folder.Open(path) ?? throw new DirectoryNotFoundException($"There is no folder '{path}' for temporary files. Set TMPDIR to a folder that exists.");
        string name = $"bee-{Guid.NewGuid():N}";
        SafeFileHandle file = folder.CreateFile(name, Folder.OwnerFile);
        folder.Delete(name);
        return file;
    }
}

using Microsoft.Win32.SafeHandles;

namespace Bee.Posix;

/// <summary>Creates files without a name, which only this process can reach and which are deleted with it.</summary>
internal static class ScratchFile
{
    /// <summary>Creates a file in the folder for temporary files, open for reading and writing.</summary>
    /// <exception cref="IOException">The folder does not exist, or is full.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write into the folder.</exception>
    public static SafeFileHandle Open()
    {
        string path = Path.GetFullPath(Path.GetTempPath());
        using Folder folder = Folder.Open(path) ?? throw new DirectoryNotFoundException($"The folder '{path}' for temporary files does not exist. Set TMPDIR to a folder that exists.");
        string name = $"bee-{Guid.NewGuid():N}";
        SafeFileHandle file = folder.CreateFile(name, Folder.OwnerFile);
        folder.Delete(name);
        return file;
    }
}

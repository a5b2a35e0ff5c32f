using Bee.Oci.Native;
using Bee.Oci.Store;

namespace Bee.Oci.Registry.Authentication;

/// <summary>A file that its owner alone may read: replaced as a whole, written under another name and renamed, while no other process of Bee does.</summary>
internal static class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Replaces a file's content, and makes its folder where that is missing.</summary>
    /// <param name="path">The file. A link stays one: what it points at is replaced.</param>
    /// <param name="change">Is given where the file really is, and gives its new content; null where it stays as it is.</param>
    /// <exception cref="IOException">It cannot be written, or is a device, a pipe or a folder, and is as it was.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of rights.</exception>
    /// <exception cref="StoreException">The same, or another process holds the lock on its folder for too long.</exception>
    public static void Update(string path, Func<string, byte[]?> change)
    {
        string target = new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;
        RequireRegular(target);
        string folder = Path.GetDirectoryName(target)!;
        MakeFolder(folder);
        using StoreLock held = StoreLock.TakeDirectory(folder, s_patience);
        if (change(target) is { } content)
        {
            Write(target, folder, content);
        }
    }

    /// <summary>Root may replace /dev/null, which people name where they want no file, and the machine would be without.</summary>
    private static void RequireRegular(string path)
    {
        using var there = LibC.Open(path, LibC.PathOnly);
        if (there is not null && LibC.TryStat(there, out LibC.FileFacts facts) && !facts.IsRegular)
        {
            throw new IOException("it is no regular file.");
        }
    }

    private static void MakeFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    private static void Write(string path, string folder, byte[] content)
    {
        string temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}");
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = OwnerOnly;
            }

            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(content);
                KeepOwner(stream, path, folder);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Root may write the file of the user behind sudo, who has to be able to read it afterwards.</summary>
    private static void KeepOwner(FileStream stream, string path, string folder)
    {
        using var before = LibC.Open(File.Exists(path) ? path : folder, LibC.PathOnly);
        if (LibC.EffectiveUser() == 0 && before is not null && LibC.TryStat(before, out LibC.FileFacts facts) && facts.User != 0
            && LibC.GiveTo(stream.SafeFileHandle, facts.User, facts.Group) != 0)
        {
            throw Fault.Last("give", path);
        }
    }
}

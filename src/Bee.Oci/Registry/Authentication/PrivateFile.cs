using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Posix;

namespace Bee.Oci.Registry.Authentication;

/// <summary>
/// A file that its owner alone may read: replaced as a whole, written under another name and renamed, while no other process of Bee does. If root writes the
/// file of another user, such as the one behind sudo, that user gets it.
/// </summary>
internal static class PrivateFile
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Replaces a file's content, and makes its folder where that is missing.</summary>
    /// <param name="path">The file. A link stays one: what it points at is replaced. As root, a link of another user is refused.</param>
    /// <param name="change">Is given where the file really is, and gives its new content; null where it stays as it is.</param>
    /// <exception cref="IOException">It cannot be written, or is a device, a pipe or a folder, and is as it was.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of rights.</exception>
    /// <exception cref="StoreException">Another process holds the lock on its folder for too long.</exception>
    public static void Update(string path, Func<string, byte[]?> change)
    {
        string target = Resolve(path);
        RequireRegular(target);
        using var folder = Folder.MakeForOwner(Path.GetDirectoryName(target)!, Folder.OwnerFolder);
        using FileLock held = StoreLock.Take(folder, s_patience);
        if (change(target) is { } content)
        {
            string name = Path.GetFileName(target);
            AtomicFile.Write(folder, name, content, like: folder.StatusOf(name));
        }
    }

    private static string Resolve(string path)
    {
        if (FileStatus.Of(path, followLink: false) is not { IsLink: true } link)
        {
            return path;
        }

        // Its owner would choose which file root writes.
        return link.User == 0 || link.User == UserAccount.EffectiveUser
            ? File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName
            : throw new UntrustedPathException(path, path, UntrustedReason.Owner, link);
    }

    /// <summary>Refuses device nodes: as root, the rename would replace /dev/null, which people name to have no file, with a regular file.</summary>
    private static void RequireRegular(string path)
    {
        if (FileStatus.Of(path) is { IsRegular: false } status)
        {
            throw new IOException($"it is {status.Kind}, not a regular file.");
        }
    }
}

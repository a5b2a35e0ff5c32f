using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Toolchain;

/// <summary>
/// Keeps generated headers: in the user's cache if no other user could have written them, else in a private folder that goes with this process. What root
/// compiles is never taken from a folder that another user can change, and nothing is written into one.
/// </summary>
internal static class HeaderCache
{
    private static readonly Lazy<string> s_private = new(MakePrivate);

    /// <summary>Returns the path of a header, which is written first if it is not there.</summary>
    /// <param name="key">The name of its folder, which stands for its content.</param>
    /// <param name="name">The name of its file.</param>
    /// <param name="write">Makes the content.</param>
    /// <exception cref="IOException">It cannot be written anywhere.</exception>
    internal static string GetOrCreate(string key, string name, Func<byte[]> write)
    {
        byte[]? content = null;
        foreach (string cache in UserFolders.Caches)
        {
            string folder = Path.Combine(cache, "bee", "vmlinux", key);
            string path = Path.Combine(folder, name);
            if (IsThere(path) ?? false)
            {
                return path;
            }

            if (IsThere(path) is null)
            {
                continue;
            }

            content ??= write();
            if (TryWrite(folder, name, content))
            {
                return path;
            }
        }

        string own = Path.Combine(s_private.Value, key, name);
        if (!File.Exists(own))
        {
            AtomicFile.Write(own, content ?? write());
        }

        return own;
    }

    /// <summary>Whether a header is there; null if another user could have written it, or could write it.</summary>
    private static bool? IsThere(string path)
    {
        try
        {
            using SafeFileHandle? file = PathGuard.Own.OpenFile(path);
            return file is not null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool TryWrite(string folder, string name, byte[] content)
    {
        try
        {
            using Folder made = Folder.Make(folder, Folder.OwnerFolder, PathGuard.Own);
            AtomicFile.Write(made, name, content);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A read-only or full disk, or a folder that another user made meanwhile.
            return false;
        }
    }

    private static string MakePrivate()
    {
        string path = PrivateFolder.Make("bee-headers-");
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            try
            {
                Directory.Delete(path, recursive: true);
            }
            catch (IOException)
            {
                // The system's own cleaning takes it.
            }
        };
        return path;
    }
}

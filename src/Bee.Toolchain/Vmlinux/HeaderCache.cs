using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Toolchain.Vmlinux;

/// <summary>
/// Caches generated headers: in the user's cache if no other user could have written it, else in a private folder that is deleted when the process ends. Root
/// neither reads headers from folders that another user can change, nor writes into them.
/// </summary>
internal static class HeaderCache
{
    private static readonly object s_door = new();
    private static string? s_private;

    /// <summary>Returns the path of a header, and writes it first if it does not exist.</summary>
    /// <param name="key">The name of its folder, which identifies the content.</param>
    /// <param name="name">The name of the file.</param>
    /// <param name="write">Creates the content.</param>
    /// <exception cref="IOException">The header cannot be written anywhere.</exception>
    internal static string GetOrCreate(string key, string name, Func<byte[]> write)
    {
        byte[]? content = null;
        foreach (string cache in UserFolders.Caches)
        {
            string folder = Path.Combine(cache, "bee", "vmlinux", key);
            string path = Path.Combine(folder, name);
            if (IsThere(path) is not { } isThere)
            {
                continue;
            }

            if (isThere || TryWrite(folder, name, content ??= write()))
            {
                return path;
            }
        }

        string own = Path.Combine(Private(), key);
        return IsThere(Path.Combine(own, name)) == true || TryWrite(own, name, content ?? write())
            ? Path.Combine(own, name)
            : throw new IOException($"'{own}' cannot be written. Free disk space, or set XDG_CACHE_HOME to a folder of your own.");
    }

    /// <summary>Returns whether a header exists; null if another user could have written it, or can write it.</summary>
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
            using var made = Folder.Make(folder, Folder.OwnerFolder, PathGuard.Own);
            AtomicFile.Write(made, name, content);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk is read-only or full, or another user has created the folder meanwhile.
            return false;
        }
    }

    private static string Private()
    {
        lock (s_door)
        {
            // The system may have removed it, and another user may have created one with the same name.
            if (s_private is null || !Directory.Exists(s_private) || !PathGuard.Own.Accepts(s_private))
            {
                string path = s_private = PrivateFolder.Make("bee-headers-");
                AppDomain.CurrentDomain.ProcessExit += (_, _) => Delete(path);
            }

            return s_private;
        }
    }

    private static void Delete(string folder)
    {
        try
        {
            if (PathGuard.Own.Accepts(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The system cleans temporary folders itself.
        }
    }
}

using System.Runtime.InteropServices;
using Bee.Oci.Native;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Store;

/// <summary>Opens directories and files of a store; with a guard one component after the other, without following links, each of them checked.</summary>
internal static class GuardedPath
{
    /// <summary>Opens a directory; null if there is none.</summary>
    public static SafeFileHandle? Open(string path)
    {
        SafeFileHandle? root = LibC.Open(path, LibC.ReadOnly | LibC.Directory);
        return root ?? (Marshal.GetLastPInvokeError() switch
        {
            LibC.NoEntry => null,
            LibC.NotDirectory => throw new StoreException(StoreFault.NotAStore, $"'{path}' is no directory, so no image store."),
            _ => throw Fault.Last("open", path),
        });
    }

    /// <summary>Opens a directory of another user, with a look at each on the way; null if there is none.</summary>
    public static SafeFileHandle? Open(string path, OwnerGuard guard)
    {
        SafeFileHandle current = LibC.Open("/", LibC.PathOnly | LibC.Directory) ?? throw Fault.Last("open", "/");
        string walked = "";
        try
        {
            guard.Check(current, "/");
            foreach (string component in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                walked += "/" + component;
                SafeFileHandle? next = OpenChecked(current, component, walked, LibC.PathOnly | LibC.Directory, guard);
                if (next is null)
                {
                    current.Dispose();
                    return null;
                }

                current.Dispose();
                current = next;
            }

            return current;
        }
        catch
        {
            current.Dispose();
            throw;
        }
    }

    /// <summary>Opens a name in a directory and lets the guard see what it got; null if there is no such name.</summary>
    public static SafeFileHandle? OpenChecked(SafeFileHandle directory, string name, string path, int flags, OwnerGuard? guard)
    {
        SafeFileHandle? file = LibC.OpenAt(directory, name, flags | (guard is null ? 0 : LibC.NoFollow));
        if (file is null)
        {
            int errno = Marshal.GetLastPInvokeError();
            return errno switch
            {
                LibC.NoEntry => null,

                // What a link in place of a file, and in place of a directory, gives under O_NOFOLLOW.
                LibC.TooManyLinks or LibC.NotDirectory when guard is not null =>
                    throw new StoreException(StoreFault.Untrusted, $"'{path}' is a symbolic link or no directory; another user's store is not followed over links."),
                _ => throw Fault.From(errno, "open", path),
            };
        }

        try
        {
            guard?.Check(file, path);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Bee.Posix;

/// <summary>
/// An open folder. Names in it are opened, made, renamed and deleted relative to its fd, and no link in it is ever followed. Whatever
/// the folder's owner puts into it, all work stays below it.
/// </summary>
internal sealed class Folder : IDisposable
{
    /// <summary>The permissions of a file that only its owner reads and writes.</summary>
    public const uint OwnerFile = 0b110_000_000;

    /// <summary>The permissions of a folder that only its owner uses.</summary>
    public const uint OwnerFolder = 0b111_000_000;

    private readonly SafeFileHandle _handle;
    private readonly PathGuard? _guard;
    private readonly (uint User, uint Group)? _heir;

    private Folder(SafeFileHandle handle, string path, PathGuard? guard, (uint User, uint Group)? heir) =>
        (_handle, Path, _guard, _heir) = (handle, path, guard, heir);

    /// <summary>The path that it was opened by, for messages.</summary>
    public string Path { get; }

    /// <summary>What the folder itself is.</summary>
    public FileStatus Status => FileStatus.Of(_handle);

    /// <summary>Opens a folder. Links on the way are followed.</summary>
    /// <param name="path">An absolute path.</param>
    /// <returns>The folder; null if it does not exist.</returns>
    /// <exception cref="IOException">It is not a folder, or cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not open it.</exception>
    public static Folder? Open(string path) => PathWalk.OpenFolder(path, (_, _) => { }, followLinks: true) is { } handle ? new Folder(handle, path, null, null) : null;

    /// <summary>Opens a folder that a guard accepts, and everything in it under the same guard.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="guard">Decides what is believed.</param>
    /// <returns>The folder; null if it does not exist.</returns>
    /// <exception cref="UntrustedPathException">The guard refuses it, or something on the way.</exception>
    /// <exception cref="IOException">It is not a folder, or cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not open it.</exception>
    public static Folder? Open(string path, PathGuard guard)
    {
        ArgumentNullException.ThrowIfNull(guard);
        SafeFileHandle? handle = PathWalk.OpenFolder(path, (status, place) => guard.Check(status, place, path), guard.FollowsLinks);
        return handle is null ? null : new Folder(handle, path, guard, null);
    }

    /// <summary>Opens a folder on behalf of its owner: if this process is root and the owner is another user, that user gets what is made in it. Links on the
    /// way are followed only if they belong to root or to the effective user of this process.</summary>
    /// <param name="path">An absolute path.</param>
    /// <returns>The folder; null if it does not exist.</returns>
    /// <exception cref="UntrustedPathException">A link on the way belongs to another user.</exception>
    /// <exception cref="IOException">It is not a folder, or cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not open it.</exception>
    public static Folder? OpenForOwner(string path)
    {
        uint me = UserAccount.EffectiveUser;
        SafeFileHandle? handle = PathWalk.OpenFolder(
            path,
            (status, place) =>
            {
                if (status.IsLink && status.User != 0 && status.User != me)
                {
                    throw new UntrustedPathException(path, place, UntrustedReason.Owner, status);
                }
            },
            followLinks: true);
        if (handle is null)
        {
            return null;
        }

        var status = FileStatus.Of(handle);
        return new Folder(handle, path, null, me == 0 && status.User != 0 ? (status.User, status.Group) : null);
    }

    /// <summary>Opens a folder as <see cref="OpenForOwner"/> does, and makes it, and those above it, where they are missing.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="mode">The permissions of each new folder.</param>
    /// <exception cref="IOException">It cannot be made, or <see cref="OpenForOwner"/> refuses it.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not make it.</exception>
    public static Folder MakeForOwner(string path, uint mode) => Make(path, mode, OpenForOwner);

    /// <summary>Opens a folder under a guard, and makes it, and those above it, where they are missing.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="mode">The permissions of each new folder.</param>
    /// <param name="guard">Decides what is believed.</param>
    /// <exception cref="IOException">It cannot be made, or the guard refuses it.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not make it.</exception>
    public static Folder Make(string path, uint mode, PathGuard guard) => Make(path, mode, place => Open(place, guard));

    /// <summary>Opens a folder in this one; null if there is no such name.</summary>
    /// <exception cref="UntrustedPathException">It is a link, or the guard refuses it.</exception>
    /// <exception cref="IOException">It is not a folder, or cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not open it.</exception>
    public Folder? OpenFolder(string name)
    {
        int fd = OpenAt(name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, 0);
        return fd < 0 ? null : Below(fd, name);
    }

    /// <summary>Opens a folder in this one, and makes it where it is missing.</summary>
    /// <param name="name">The name.</param>
    /// <param name="mode">The permissions of a new one.</param>
    /// <exception cref="IOException">It cannot be made, is a link, or is not a folder.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not make it.</exception>
    public Folder MakeFolder(string name, uint mode)
    {
        if (OpenFolder(name) is { } found)
        {
            return found;
        }

        bool isNew = Libc.mkdirat(_handle, name, mode) == 0;
        if (!isNew && Marshal.GetLastPInvokeError() is not Libc.EEXIST and var errno)
        {
            throw PosixException.From(errno, "make the folder", At(name));
        }

        Folder made = OpenFolder(name) ?? throw PosixException.From(Libc.ENOENT, "open the folder", At(name));
        if (isNew)
        {
            // Only what is empty and root's: in another user's folder the name may lead to an older folder by now.
            if (_heir is { } heir && made.Status.User == 0 && !made.Names().Any())
            {
                _ = Libc.fchown(made._handle, heir.User, heir.Group);
            }
        }

        return made;
    }

    /// <summary>Opens a regular file for reading; null if there is no such name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="status">What it is.</param>
    /// <exception cref="UntrustedPathException">It is a link, or the guard refuses it.</exception>
    /// <exception cref="NotRegularFileException">It is not a regular file.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public SafeFileHandle? OpenFile(string name, out FileStatus status)
    {
        status = default;
        int fd = OpenAt(name, Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_NOFOLLOW, 0);
        return fd < 0 ? null : Guarded(RegularFile.Checked(fd, At(name), out status), status, name);
    }

    /// <summary>Opens a regular file for reading and writing, and makes it where it is missing: for locks, whose content does not matter.</summary>
    /// <param name="name">The name.</param>
    /// <param name="mode">The permissions of a new one.</param>
    /// <exception cref="IOException">It is a link, is not a regular file, or cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write it.</exception>
    public SafeFileHandle OpenOrCreateFile(string name, uint mode)
    {
        while (true)
        {
            int fd = OpenAt(name, Libc.O_RDWR | Libc.O_NONBLOCK | Libc.O_NOFOLLOW, 0);
            if (fd >= 0)
            {
                return Guarded(RegularFile.Checked(fd, At(name), out FileStatus status), status, name);
            }

            try
            {
                return CreateFile(name, mode);
            }
            catch (PosixException e) when (e.Errno == Libc.EEXIST)
            {
                // Another process was faster.
            }
        }
    }

    /// <summary>Makes a new file, for reading and writing.</summary>
    /// <param name="name">A name that is free.</param>
    /// <param name="mode">Its permissions.</param>
    /// <param name="like">The file that it will replace: if this process is root, that file's owner gets the new one. Null for the owner of the folder.</param>
    /// <exception cref="IOException">The name is taken, or the file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write into the folder.</exception>
    public SafeFileHandle CreateFile(string name, uint mode, FileStatus? like = null)
    {
        int fd = Libc.openat(_handle, name, Libc.O_RDWR | Libc.O_CREAT | Libc.O_EXCL | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, mode);
        if (fd < 0)
        {
            throw PosixException.Last("create", At(name));
        }

        var file = new SafeFileHandle(fd, ownsHandle: true);
        (uint User, uint Group)? owner = like is { } old && UserAccount.EffectiveUser == 0 ? (old.User, old.Group) : _heir;
        if (owner is { } heir)
        {
            // It fails where the file system keeps no owners (vfat, some network shares): then there is nothing to give away.
            _ = Libc.fchown(file, heir.User, heir.Group);
        }

        return file;
    }

    /// <summary>What a name is, of a link what the link is; null if there is no such name.</summary>
    public FileStatus? StatusOf(string name) => FileStatus.Of(_handle, name);

    /// <summary>Gives a file another name, in place of whatever has that name.</summary>
    /// <param name="name">Its name here.</param>
    /// <param name="to">The folder of the new name, on the same file system.</param>
    /// <param name="newName">The new name.</param>
    /// <exception cref="IOException">The kernel refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write into a folder.</exception>
    public void Rename(string name, Folder to, string newName)
    {
        if (Libc.renameat(_handle, name, to._handle, newName) != 0)
        {
            throw PosixException.Last("rename a new file to", to.At(newName));
        }
    }

    /// <summary>Gives a file another name in this folder if that name is free.</summary>
    /// <returns>False if the name is taken.</returns>
    /// <exception cref="IOException">The kernel refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write into the folder.</exception>
    public bool RenameIfFree(string name, string newName)
    {
        if (Libc.linkat(_handle, name, _handle, newName, 0) == 0)
        {
            Delete(name);
            return true;
        }

        int errno = Marshal.GetLastPInvokeError();
        if (errno == Libc.EEXIST || StatusOf(newName) is not null)
        {
            return false;
        }

        // The file system has no hard links.
        Rename(name, this, newName);
        return true;
    }

    /// <summary>Deletes a file or a link; false if it does not exist, or the kernel refuses.</summary>
    public bool Delete(string name) => Libc.unlinkat(_handle, name, 0) == 0;

    /// <summary>The names in the folder, in no order.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read them.</exception>
    public IEnumerable<string> Names()
    {
        // The kernel's own link to this very folder, which no one can redirect.
        foreach (string path in Directory.EnumerateFileSystemEntries($"/proc/self/fd/{_handle.DangerousGetHandle()}"))
        {
            yield return System.IO.Path.GetFileName(path);
        }

        GC.KeepAlive(_handle);
    }

    /// <summary>Makes the names in the folder last through a power cut.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Synchronize()
    {
        // Some file systems have nothing to synchronize in a folder, and say that it is invalid.
        if (Libc.fsync(_handle) != 0 && Marshal.GetLastPInvokeError() is not Libc.EINVAL and var errno)
        {
            throw PosixException.From(errno, "write", Path);
        }
    }

    /// <summary>Opens the folder once more, with a file offset and a lock of its own.</summary>
    internal SafeFileHandle Reopen()
    {
        int fd = OpenAt(".", Libc.O_RDONLY | Libc.O_DIRECTORY, 0);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw PosixException.Last("open the folder", Path);
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private static Folder Make(string path, uint mode, Func<string, Folder?> open)
    {
        if (open(path) is { } found)
        {
            return found;
        }

        string above = System.IO.Path.GetDirectoryName(path) ?? throw PosixException.From(Libc.ENOENT, "make", path);
        using Folder parent = Make(above, mode, open);
        return parent.MakeFolder(System.IO.Path.GetFileName(path), mode);
    }

    private string At(string name) => System.IO.Path.Combine(Path, name);

    private Folder Below(int fd, string name)
    {
        SafeFileHandle handle = Guarded(new SafeFileHandle(fd, ownsHandle: true), null, name);
        return new Folder(handle, At(name), _guard, _heir);
    }

    /// <summary>Opens a name; -1 if it does not exist.</summary>
    private int OpenAt(string name, int flags, uint mode)
    {
        int fd = Libc.openat(_handle, name, flags | Libc.O_CLOEXEC, mode);
        if (fd >= 0 || Marshal.GetLastPInvokeError() is Libc.ENOENT)
        {
            return fd;
        }

        // What a link in place of a file, or of a folder, gives under O_NOFOLLOW; and what a socket gives.
        int errno = Marshal.GetLastPInvokeError();
        FileStatus? status = errno is Libc.ELOOP or Libc.ENOTDIR or Libc.ENXIO ? StatusOf(name) : null;
        throw status switch
        {
            { IsLink: true } => new UntrustedPathException(At(name), At(name), UntrustedReason.Link, status.Value),
            { IsRegular: false, IsFolder: false } when errno == Libc.ENXIO => new NotRegularFileException(At(name), status.Value.Kind),
            _ => PosixException.From(errno, "open", At(name)),
        };
    }

    private SafeFileHandle Guarded(SafeFileHandle file, FileStatus? status, string name)
    {
        try
        {
            _guard?.Check(status ?? FileStatus.Of(file), At(name), At(name));
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}

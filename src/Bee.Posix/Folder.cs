using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Bee.Posix;

/// <summary>
/// An open folder. Names in it are opened, created, renamed and deleted relative to its fd, without following links, so the folder's owner
/// cannot redirect an operation out of the folder.
/// </summary>
internal sealed class Folder : IDisposable
{
    /// <summary>The permissions of a file that only its owner can read and write.</summary>
    public const uint OwnerFile = 0b110_000_000;

    /// <summary>The permissions of a folder that only its owner can use.</summary>
    public const uint OwnerFolder = 0b111_000_000;

    private readonly SafeFileHandle _handle;
    private readonly PathGuard? _guard;
    private readonly (uint User, uint Group)? _heir;

    private Folder(SafeFileHandle handle, string path, PathGuard? guard, (uint User, uint Group)? heir) =>
        (_handle, Path, _guard, _heir) = (handle, path, guard, heir);

    /// <summary>The path that the folder was opened by, for messages.</summary>
    public string Path { get; }

    /// <summary>The status of the folder itself.</summary>
    public FileStatus Status => FileStatus.Of(_handle);

    /// <summary>Opens a folder. Follows links on the path.</summary>
    /// <param name="path">An absolute path.</param>
    /// <returns>The folder; null if it does not exist.</returns>
    /// <exception cref="IOException">The path is not a folder, or cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not open the folder.</exception>
    public static Folder? Open(string path) => PathWalk.OpenFolder(path, (_, _) => { }, followLinks: true) is { } handle ? new Folder(handle, path, null, null) : null;

    /// <summary>Opens a folder that a guard accepts. Everything in it is opened under the same guard.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="guard">Decides which paths are trusted.</param>
    /// <returns>The folder; null if it does not exist.</returns>
    /// <exception cref="UntrustedPathException">The guard refuses the folder, or a component of the path.</exception>
    /// <exception cref="IOException">The path is not a folder, or cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not open the folder.</exception>
    public static Folder? Open(string path, PathGuard guard)
    {
        ArgumentNullException.ThrowIfNull(guard);
        SafeFileHandle? handle = PathWalk.OpenFolder(path, (status, place) => guard.Check(status, place, path), guard.FollowsLinks);
        return handle is null ? null : new Folder(handle, path, guard, null);
    }

    /// <summary>Opens a folder on behalf of its owner: if this process is root, new files in the folder belong to the folder's owner. Follows links on the
    /// path only if they belong to root or to the effective user of this process.</summary>
    /// <param name="path">An absolute path.</param>
    /// <returns>The folder; null if it does not exist.</returns>
    /// <exception cref="UntrustedPathException">A link on the path belongs to another user.</exception>
    /// <exception cref="IOException">The path is not a folder, or cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not open the folder.</exception>
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

    /// <summary>Opens a folder as <see cref="OpenForOwner"/> does. Creates it and its parents if they do not exist.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="mode">The permissions of each new folder.</param>
    /// <exception cref="IOException">The folder cannot be created, or <see cref="OpenForOwner"/> refuses it.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not create the folder.</exception>
    public static Folder MakeForOwner(string path, uint mode) => Make(path, mode, OpenForOwner);

    /// <summary>Opens a folder under a guard. Creates it and its parents if they do not exist.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="mode">The permissions of each new folder.</param>
    /// <param name="guard">Decides which paths are trusted.</param>
    /// <exception cref="IOException">The folder cannot be created, or the guard refuses it.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not create the folder.</exception>
    public static Folder Make(string path, uint mode, PathGuard guard) => Make(path, mode, place => Open(place, guard));

    /// <summary>Opens a folder in this one; null if the name does not exist.</summary>
    /// <exception cref="UntrustedPathException">The name is a link, or the guard refuses it.</exception>
    /// <exception cref="IOException">The name is not a folder, or cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not open the folder.</exception>
    public Folder? OpenFolder(string name)
    {
        int fd = OpenAt(name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW, 0);
        return fd < 0 ? null : Below(fd, name);
    }

    /// <summary>Opens a folder in this one. Creates it if it does not exist.</summary>
    /// <param name="name">The name.</param>
    /// <param name="mode">The permissions of a new folder.</param>
    /// <exception cref="IOException">The folder cannot be created, or the name is a link or not a folder.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not create the folder.</exception>
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
            // Only an empty folder of root's changes owner. In another user's folder, the name may refer to an older folder by now.
            if (_heir is { } heir && made.Status.User == 0 && !made.Names().Any())
            {
                _ = Libc.fchown(made._handle, heir.User, heir.Group);
            }
        }

        return made;
    }

    /// <summary>Opens a regular file for reading; null if the name does not exist.</summary>
    /// <param name="name">The name.</param>
    /// <param name="status">The status of the file.</param>
    /// <exception cref="UntrustedPathException">The name is a link, or the guard refuses it.</exception>
    /// <exception cref="NotRegularFileException">The name is not a regular file.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read the file.</exception>
    public SafeFileHandle? OpenFile(string name, out FileStatus status)
    {
        status = default;
        int fd = OpenAt(name, Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_NOFOLLOW, 0);
        return fd < 0 ? null : Guarded(RegularFile.Checked(fd, At(name), out status), status, name);
    }

    /// <summary>Opens a regular file for reading and writing. Creates it if it does not exist. Used for lock files.</summary>
    /// <param name="name">The name.</param>
    /// <param name="mode">The permissions of a new file.</param>
    /// <exception cref="IOException">The name is a link or not a regular file, or the file cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write the file.</exception>
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
                // Another process created the file in the meantime.
            }
        }
    }

    /// <summary>Creates a file, open for reading and writing.</summary>
    /// <param name="name">A name that does not exist.</param>
    /// <param name="mode">The permissions.</param>
    /// <param name="like">The file that the new one will replace. If this process is root, its owner becomes the owner of the new file. Null for the owner of the folder.</param>
    /// <exception cref="IOException">The name exists, or the file cannot be created.</exception>
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
            // Fails on a file system without owners (vfat, some network shares), where the owner does not matter.
            _ = Libc.fchown(file, heir.User, heir.Group);
        }

        return file;
    }

    /// <summary>Returns the status of a name, without following a link; null if the name does not exist.</summary>
    public FileStatus? StatusOf(string name) => FileStatus.Of(_handle, name);

    /// <summary>Renames a file, and replaces an existing file of the new name.</summary>
    /// <param name="name">The name in this folder.</param>
    /// <param name="to">The folder of the new name, on the same file system.</param>
    /// <param name="newName">The new name.</param>
    /// <exception cref="IOException">The kernel refuses the rename.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write into a folder.</exception>
    public void Rename(string name, Folder to, string newName)
    {
        if (Libc.renameat(_handle, name, to._handle, newName) != 0)
        {
            throw PosixException.Last("rename a new file to", to.At(newName));
        }
    }

    /// <summary>Renames a file in this folder if the new name does not exist.</summary>
    /// <returns>False if the name exists.</returns>
    /// <exception cref="IOException">The kernel refuses the rename.</exception>
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

        // The file system does not support hard links.
        Rename(name, this, newName);
        return true;
    }

    /// <summary>Deletes a file or link. Returns false if it does not exist, or cannot be deleted.</summary>
    public bool Delete(string name) => Libc.unlinkat(_handle, name, 0) == 0;

    /// <summary>Returns the names in the folder, in no particular order.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read the folder.</exception>
    public IEnumerable<string> Names()
    {
        // The kernel's link to this folder, which cannot be redirected.
        foreach (string path in Directory.EnumerateFileSystemEntries($"/proc/self/fd/{_handle.DangerousGetHandle()}"))
        {
            yield return System.IO.Path.GetFileName(path);
        }

        GC.KeepAlive(_handle);
    }

    /// <summary>Flushes the folder's entries to the disk (fsync).</summary>
    /// <exception cref="IOException">The disk reports an error.</exception>
    public void Synchronize()
    {
        // Some file systems do not support fsync on folders and return EINVAL.
        if (Libc.fsync(_handle) != 0 && Marshal.GetLastPInvokeError() is not Libc.EINVAL and var errno)
        {
            throw PosixException.From(errno, "write", Path);
        }
    }

    /// <summary>Opens the folder again, with its own file offset and lock.</summary>
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

    /// <summary>Opens a name. Returns -1 if it does not exist.</summary>
    private int OpenAt(string name, int flags, uint mode)
    {
        int fd = Libc.openat(_handle, name, flags | Libc.O_CLOEXEC, mode);
        if (fd >= 0 || Marshal.GetLastPInvokeError() is Libc.ENOENT)
        {
            return fd;
        }

        // The errors of O_NOFOLLOW for a link in place of a file or folder, and the error for a socket.
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

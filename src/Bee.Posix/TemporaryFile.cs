using Microsoft.Win32.SafeHandles;

namespace Bee.Posix;

/// <summary>
/// A file that is written under a temporary name and renamed when it is complete. A reader of the final name sees the old or the new content, and after a crash
/// the old content is intact.
/// </summary>
internal sealed class TemporaryFile : IDisposable
{
    private readonly Folder _folder;
    private readonly string _name;
    private readonly bool _isLocked;
    private long _length;
    private bool _isDone;

    private TemporaryFile(Folder folder, string name, SafeFileHandle handle, bool isLocked) => (_folder, _name, Handle, _isLocked) = (folder, name, handle, isLocked);

    /// <summary>The open file.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Creates an empty file.</summary>
    /// <param name="folder">The folder, which must stay open as long as the file.</param>
    /// <param name="mode">The permissions.</param>
    /// <param name="like">The file to replace. If this process is root, its owner becomes the owner of the new file. Null for the owner of the folder.</param>
    /// <exception cref="IOException">The file cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write into the folder.</exception>
    public static TemporaryFile Create(Folder folder, uint mode, FileStatus? like = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string name = $".{Guid.NewGuid():N}.tmp";
        return new TemporaryFile(folder, name, folder.CreateFile(name, mode, like), isLocked: false);
    }

    /// <summary>Creates a file that only its owner can read, and locks it. A file that is not locked was left by a killed writer.</summary>
    /// <param name="folder">The folder, which must stay open as long as the file.</param>
    /// <param name="prefix">The beginning of the file's name, for <see cref="DeleteStale"/>.</param>
    /// <exception cref="IOException">The file cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write into the folder.</exception>
    public static TemporaryFile CreateLocked(Folder folder, string prefix)
    {
        ArgumentNullException.ThrowIfNull(folder);
        while (true)
        {
            string name = prefix + Guid.NewGuid().ToString("N");
            SafeFileHandle file = folder.CreateFile(name, Folder.OwnerFile);

            // Between creation and lock, another process may have taken the file for abandoned and deleted it. Then tries again.
            if (FileLock.TryLock(file, Path.Combine(folder.Path, name)) && FileStatus.Of(file).Links > 0)
            {
                return new TemporaryFile(folder, name, file, isLocked: true);
            }

            file.Dispose();
        }
    }

    /// <summary>Deletes the files that killed writers of <see cref="CreateLocked"/> left in a folder. Only one process at a time may call this.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="prefix">The beginning of the files' names.</param>
    public static void DeleteStale(Folder folder, string prefix)
    {
        ArgumentNullException.ThrowIfNull(folder);
        foreach (string name in folder.Names().Where(n => n.StartsWith(prefix, StringComparison.Ordinal)))
        {
            try
            {
                using SafeFileHandle? file = folder.OpenFile(name, out _);
                if (file is not null && FileLock.TryLock(file, name))
                {
                    folder.Delete(name);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Not a file of <see cref="CreateLocked"/>: a link, a pipe, or another user's file.
            }
        }
    }

    /// <summary>Appends bytes.</summary>
    public void Append(ReadOnlySpan<byte> content)
    {
        RandomAccess.Write(Handle, content, _length);
        _length += content.Length;
    }

    /// <summary>Flushes the file to the disk (fsync).</summary>
    public void Synchronize() => RandomAccess.FlushToDisk(Handle);

    /// <summary>Renames the file to its final name, and replaces an existing file.</summary>
    public void MoveTo(Folder folder, string name)
    {
        _folder.Rename(_name, folder, name);
        _isDone = true;
    }

    /// <summary>Renames the file to its final name in its folder. Returns false if the name exists.</summary>
    public bool TryMoveTo(string name) => _isDone = _folder.RenameIfFree(_name, name);

    /// <summary>Closes the file, and deletes it unless it was moved.</summary>
    public void Dispose()
    {
        if (!_isDone)
        {
            _isDone = true;
            _folder.Delete(_name);
        }

        if (!Handle.IsClosed)
        {
            if (_isLocked)
            {
                FileLock.Unlock(Handle);
            }

            Handle.Dispose();
        }
    }
}

using Microsoft.Win32.SafeHandles;

namespace Bee.Posix;

/// <summary>
/// A file that is written under a temporary name, and gets its final name when it is whole: a reader of the final name sees the old content or the new, and a crash
/// leaves the old.
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

    /// <summary>Creates a file without content.</summary>
    /// <param name="folder">The folder, which has to stay open as long as the file.</param>
    /// <param name="mode">The permissions.</param>
    /// <param name="like">A file whose owner gets the new one if this process is root; null for the owner of the folder.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write into the folder.</exception>
    public static TemporaryFile Create(Folder folder, uint mode, FileStatus? like = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string name = $".{Guid.NewGuid():N}.tmp";
        return new TemporaryFile(folder, name, folder.CreateFile(name, mode, like), isLocked: false);
    }

    /// <summary>Creates a file that only its owner reads, and on which its writer holds a lock: one that can be locked was left by a killed writer.</summary>
    /// <param name="folder">The folder, which has to stay open as long as the file.</param>
    /// <param name="prefix">What its name begins with, for <see cref="DeleteStale"/>.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write into the folder.</exception>
    public static TemporaryFile CreateLocked(Folder folder, string prefix)
    {
        ArgumentNullException.ThrowIfNull(folder);
        while (true)
        {
            string name = prefix + Guid.NewGuid().ToString("N");
            SafeFileHandle file = folder.CreateFile(name, Folder.OwnerFile);

            // Between creation and lock it may have looked abandoned, and be deleted: then again.
            if (FileLock.TryLock(file, Path.Combine(folder.Path, name)) && FileStatus.Of(file).Links > 0)
            {
                return new TemporaryFile(folder, name, file, isLocked: true);
            }

            file.Dispose();
        }
    }

    /// <summary>Deletes what killed writers of <see cref="CreateLocked"/> left in a folder. One process at a time may do so.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="prefix">What their names begin with.</param>
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
                // Not a file that was made here: a link, a pipe, another user's.
            }
        }
    }

    /// <summary>Writes at the end.</summary>
    public void Append(ReadOnlySpan<byte> content)
    {
        RandomAccess.Write(Handle, content, _length);
        _length += content.Length;
    }

    /// <summary>Brings what was written to the disk.</summary>
    public void Synchronize() => RandomAccess.FlushToDisk(Handle);

    /// <summary>Gives the file its final name, in place of whatever had it.</summary>
    public void MoveTo(Folder folder, string name)
    {
        _folder.Rename(_name, folder, name);
        _isDone = true;
    }

    /// <summary>Gives the file its final name in its own folder; false if the name is taken.</summary>
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

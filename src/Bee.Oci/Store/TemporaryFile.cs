using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Store;

/// <summary>
/// A file on its way into the store: written and on disk under a temporary name, then renamed. Its writer holds a lock on it for as
/// long as it lives. A temporary file that can be locked was left by a killed writer, and may be deleted.
/// </summary>
internal sealed class TemporaryFile : IDisposable
{
    private const string Prefix = "tmp-";

    private readonly Folder _folder;
    private readonly string _name;
    private readonly SafeFileHandle _file;
    private long _length;
    private bool _isDone;

    private TemporaryFile(Folder folder, string name, SafeFileHandle file) => (_folder, _name, _file) = (folder, name, file);

    /// <summary>Writes <paramref name="content"/> to a new file in <paramref name="folder"/>, down to the disk.</summary>
    public static TemporaryFile Write(Folder folder, ReadOnlySpan<byte> content)
    {
        TemporaryFile temporary = Create(folder);
        try
        {
            temporary.Append(content);
            temporary.Synchronize();
            return temporary;
        }
        catch
        {
            temporary.Dispose();
            throw;
        }
    }

    /// <summary>A new file without content in <paramref name="folder"/>, which has to stay open as long as the file.</summary>
    public static TemporaryFile Create(Folder folder)
    {
        while (true)
        {
            string name = Prefix + Guid.NewGuid().ToString("N");
            SafeFileHandle file = folder.CreateFile(name, Folder.OwnerFile);

            // Between creation and lock it may have looked abandoned, and be deleted: then again.
            if (FileLock.TryLock(file, Path.Combine(folder.Path, name)) && FileStatus.Of(file).Links > 0)
            {
                return new TemporaryFile(folder, name, file);
            }

            file.Dispose();
        }
    }

    /// <summary>Writes at the end.</summary>
    public void Append(ReadOnlySpan<byte> content)
    {
        RandomAccess.Write(_file, content, _length);
        _length += content.Length;
    }

    /// <summary>Brings what was written to the disk.</summary>
    public void Synchronize() => RandomAccess.FlushToDisk(_file);

    /// <summary>Gives the file its final name, in place of whatever had it.</summary>
    public void MoveTo(Folder folder, string name)
    {
        _folder.Rename(_name, folder, name);
        _isDone = true;
    }

    /// <summary>Closes the file, and deletes it unless it was moved.</summary>
    public void Dispose()
    {
        if (!_isDone)
        {
            _isDone = true;
            _folder.Delete(_name);
        }

        if (!_file.IsClosed)
        {
            FileLock.Unlock(_file);
            _file.Dispose();
        }
    }

    /// <summary>Deletes what killed writers left in <paramref name="folder"/>. Only under the store's lock.</summary>
    public static void DeleteStale(Folder folder)
    {
        foreach (string name in folder.Names().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)))
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
                // Not a file that Bee has written: a link, a pipe, another user's.
            }
        }
    }
}

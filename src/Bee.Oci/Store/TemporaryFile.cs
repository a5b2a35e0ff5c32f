using Bee.Oci.Native;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Store;

/// <summary>
/// A file on its way into the store: written and on disk under a temporary name, then renamed. Its writer holds a lock on it for as
/// long as it lives, so whoever can lock a temporary file knows that its writer is dead and may delete it.
/// </summary>
internal sealed class TemporaryFile : IDisposable
{
    private const string Prefix = "tmp-";

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private long _length;
    private bool _moved;

    private TemporaryFile(SafeFileHandle file, string path) => (_file, _path) = (file, path);

    /// <summary>Writes <paramref name="content"/> to a new file in <paramref name="directory"/>, down to the disk.</summary>
    public static TemporaryFile Write(string directory, ReadOnlySpan<byte> content)
    {
        TemporaryFile temporary = Create(directory);
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

    /// <summary>A new file without content in <paramref name="directory"/>.</summary>
    public static TemporaryFile Create(string directory)
    {
        while (true)
        {
            string path = Path.Combine(directory, Prefix + Guid.NewGuid().ToString("N"));
            SafeFileHandle file = LibC.Open(path, LibC.ReadWrite | LibC.Create | LibC.Exclusive, mode: 0x180 /* 0600 */) ?? throw Fault.Last("create", path);
            if (LibC.Lock(file, LibC.LockExclusive) != 0)
            {
                StoreException failure = Fault.Last("lock", path);
                _ = LibC.Unlink(path);
                file.Dispose();
                throw failure;
            }

            // Between creation and lock it may have looked abandoned, and be deleted: then again.
            if (LibC.TryStat(file, out LibC.FileFacts facts) && facts.Links > 0)
            {
                return new TemporaryFile(file, path);
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
    public void Synchronize()
    {
        if (LibC.Synchronize(_file) != 0)
        {
            throw Fault.Last("write", _path);
        }
    }

    /// <summary>Gives the file its final name, in place of whatever had it.</summary>
    public void MoveTo(string path)
    {
        if (LibC.Rename(_path, path) != 0)
        {
            throw Fault.Last("rename a new file to", path);
        }

        _moved = true;
    }

    /// <summary>Closes the file, and deletes it unless it was moved.</summary>
    public void Dispose()
    {
        if (!_moved)
        {
            _moved = true;
            _ = LibC.Unlink(_path);
        }

        _file.Dispose();
    }

    /// <summary>Deletes what killed writers left in <paramref name="directory"/>. Only under the store's lock.</summary>
    public static void DeleteStale(string directory)
    {
        foreach (string path in Directory.EnumerateFiles(directory, Prefix + "*"))
        {
            using SafeFileHandle? file = LibC.Open(path, LibC.ReadOnly | LibC.NonBlocking | LibC.NoFollow);
            if (file is not null && LibC.Lock(file, LibC.LockExclusive | LibC.LockNonBlocking) == 0)
            {
                _ = LibC.Unlink(path);
            }
        }
    }

    /// <summary>Makes whatever was renamed in a directory last through a power cut.</summary>
    public static void SynchronizeDirectory(string directory)
    {
        using SafeFileHandle handle = LibC.Open(directory, LibC.ReadOnly | LibC.Directory) ?? throw Fault.Last("open", directory);

        // Some file systems have nothing to synchronise in a directory, and say that it is invalid.
        if (LibC.Synchronize(handle) != 0 && System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != LibC.Invalid)
        {
            throw Fault.Last("write", directory);
        }
    }
}

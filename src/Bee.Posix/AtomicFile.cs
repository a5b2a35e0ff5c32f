namespace Bee.Posix;

/// <summary>Writes files that are whole or not there.</summary>
internal static class AtomicFile
{
    /// <summary>The permissions of a new file before the umask.</summary>
    private const uint Readable = 0b110_110_110;

    /// <summary>Writes under a temporary name in the same folder, then renames: a reader sees the old content or the new, and a
    /// crash leaves the old. Makes the folder where it is missing.</summary>
    /// <param name="path">The final name.</param>
    /// <param name="content">The content.</param>
    /// <exception cref="IOException">The file cannot be written, or is a device or a pipe.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write into the folder.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        // A span does not go into a lambda.
        using var file = new Unfinished(path);
        try
        {
            file.Stream.Write(content);
            file.Finish(overwrite: true);
        }
        catch (IOException full) when (PosixException.IsNoSpace(full))
        {
            throw NoSpace(path, full);
        }
    }

    /// <summary>The same for what is written piece by piece.</summary>
    /// <param name="path">The final name.</param>
    /// <param name="write">Writes the content; what it throws leaves the old content.</param>
    /// <param name="overwrite">Whether a file that is there is replaced.</param>
    /// <exception cref="IOException">The file cannot be written, is there and is not to be replaced, or is a device or a pipe.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write into the folder.</exception>
    public static void Write(string path, Action<Stream> write, bool overwrite = true)
    {
        ArgumentNullException.ThrowIfNull(write);
        using var file = new Unfinished(path);
        try
        {
            write(file.Stream);
            file.Finish(overwrite);
        }
        catch (IOException full) when (PosixException.IsNoSpace(full))
        {
            throw NoSpace(path, full);
        }
    }

    /// <summary>The same in an open folder, for a file that only its owner reads.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">The final name.</param>
    /// <param name="content">The content.</param>
    /// <param name="like">The file that is replaced, whose owner gets the new one if this process is root; null for the owner of the folder.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write into the folder.</exception>
    public static void Write(Folder folder, string name, ReadOnlySpan<byte> content, FileStatus? like = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        using var file = TemporaryFile.Create(folder, Folder.OwnerFile, like);
        file.Append(content);
        file.Synchronize();
        file.MoveTo(folder, name);
    }

    // .NET's own message names no file.
    private static IOException NoSpace(string path, IOException cause) => new($"'{path}' cannot be written: the disk is full.", cause) { HResult = cause.HResult };

    private sealed class Unfinished : IDisposable
    {
        private readonly string _path;
        private readonly string _name;
        private readonly Folder _folder;
        private readonly TemporaryFile _file;

        public Unfinished(string path)
        {
            _path = Path.GetFullPath(path);
            _name = Path.GetFileName(_path);

            // As root, the rename would replace /dev/null with a regular file.
            if (FileStatus.Of(_path) is { IsRegular: false, IsFolder: false } status)
            {
                throw new IOException($"'{_path}' is {status.Kind}, not a regular file, and would be replaced by one.");
            }

            string folder = Path.GetDirectoryName(_path)!;
            Directory.CreateDirectory(folder);
            try
            {
                _folder = Folder.Open(folder) ?? throw new DirectoryNotFoundException($"There is no folder '{folder}'.");
            }
            catch (UnauthorizedAccessException e)
            {
                throw Denied(e);
            }

            try
            {
                _file = TemporaryFile.Create(_folder, Readable);
                Stream = new FileStream(_file.Handle, FileAccess.Write);
            }
            catch (UnauthorizedAccessException e)
            {
                _folder.Dispose();
                throw Denied(e);
            }
            catch
            {
                _folder.Dispose();
                throw;
            }
        }

        public FileStream Stream { get; }

        public void Finish(bool overwrite)
        {
            Stream.Flush(flushToDisk: true);
            Stream.Dispose();
            if (overwrite)
            {
                _file.MoveTo(_folder, _name);
            }
            else if (!_file.TryMoveTo(_name))
            {
                throw new IOException($"The file '{_path}' already exists.");
            }
        }

        public void Dispose()
        {
            try
            {
                Stream.Dispose();
            }
            catch (IOException)
            {
                // What is left in the stream cannot be written either, and the file goes. The first failure is the one to report.
            }
            finally
            {
                _file.Dispose();
                _folder.Dispose();
            }
        }

        // The caller has never heard of the temporary name.
        private UnauthorizedAccessException Denied(Exception cause) => new($"Access to the path '{_path}' is denied.", cause);
    }
}

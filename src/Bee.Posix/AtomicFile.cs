namespace Bee.Posix;

/// <summary>Replaces files atomically.</summary>
internal static class AtomicFile
{
    /// <summary>The permissions of a new file before the umask.</summary>
    private const uint Readable = 0b110_110_110;

    /// <summary>Writes a temporary file in the same folder, then renames it. A reader sees the old or the new content, never a part, and after a
    /// crash the old content is intact. Creates the folder if it does not exist.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="content">The content.</param>
    /// <exception cref="IOException">The file cannot be written, or the path is a device or a pipe.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write into the folder.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        // A lambda cannot capture a span.
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

    /// <summary>Replaces a file with content that a delegate writes.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="write">Writes the content. If it throws, the old content stays.</param>
    /// <param name="overwrite">Whether to replace an existing file.</param>
    /// <exception cref="IOException">The file cannot be written, it exists and may not be replaced, or the path is a device or a pipe.</exception>
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

    /// <summary>Replaces a file in an open folder. Only its owner can read the new file.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">The name of the file.</param>
    /// <param name="content">The content.</param>
    /// <param name="like">The replaced file. If this process is root, its owner becomes the owner of the new file. Null for the owner of the folder.</param>
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

    // .NET's message lacks the path.
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

            // Refuses device nodes: as root, the rename would replace /dev/null with a regular file.
            if (FileStatus.Of(_path) is { IsRegular: false, IsFolder: false } status)
            {
                throw new IOException($"'{_path}' is {status.Kind}, not a regular file. Choose another path.");
            }

            string folder = Path.GetDirectoryName(_path)!;
            Directory.CreateDirectory(folder);
            try
            {
                _folder = Folder.Open(folder) ?? throw new DirectoryNotFoundException($"The folder '{folder}' does not exist.");
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
                // The rest of the stream cannot be written either, and the file is deleted. The first failure is reported.
            }
            finally
            {
                _file.Dispose();
                _folder.Dispose();
            }
        }

        // .NET's message has the temporary name, which the caller does not know.
        private UnauthorizedAccessException Denied(Exception cause) => new($"Access to the path '{_path}' is denied.", cause);
    }
}

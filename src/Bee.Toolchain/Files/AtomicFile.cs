namespace Bee.Toolchain;

/// <summary>Files that are whole or not there.</summary>
public static class AtomicFile
{
    /// <summary>Writes under a temporary name in the same folder, then renames: a reader sees the old content or the new, and a
    /// crash leaves the old. Makes the folder where it is missing.</summary>
    /// <param name="path">The final name.</param>
    /// <param name="content">The content.</param>
    /// <exception cref="IOException">The file cannot be written, or is a device or a pipe.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not ours to write.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        // A span does not go into a lambda.
        using var file = new Unfinished(path);
        file.Stream.Write(content);
        file.Finish(overwrite: true);
    }

    /// <summary>The same for what is written piece by piece.</summary>
    /// <param name="path">The final name.</param>
    /// <param name="write">Writes the content; what it throws leaves the old content.</param>
    /// <param name="overwrite">Whether a file that is there is replaced.</param>
    /// <exception cref="IOException">The file cannot be written, is there and is not to be replaced, or is a device or a pipe.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not ours to write.</exception>
    public static void Write(string path, Action<Stream> write, bool overwrite = true)
    {
        ArgumentNullException.ThrowIfNull(write);
        using var file = new Unfinished(path);
        write(file.Stream);
        file.Finish(overwrite);
    }

    private sealed class Unfinished : IDisposable
    {
        private readonly string _path;
        private readonly string _temporary;

        public Unfinished(string path)
        {
            _path = Path.GetFullPath(path);

            // Root may replace /dev/null, and the machine would be without.
            if (FileKind.IsSpecial(_path))
            {
                throw new IOException($"'{_path}' is no regular file, and would be replaced by one.");
            }

            var folder = Path.GetDirectoryName(_path)!;
            Directory.CreateDirectory(folder);
            _temporary = Path.Combine(folder, $".{Path.GetFileName(_path)}.{Guid.NewGuid():N}.tmp");
            try
            {
                Stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write);
            }
            catch (UnauthorizedAccessException e)
            {
                // Nobody has asked for the temporary name.
                throw new UnauthorizedAccessException($"Access to the path '{_path}' is denied.", e);
            }
        }

        public FileStream Stream { get; }

        public void Finish(bool overwrite)
        {
            Stream.Flush(flushToDisk: true);
            Stream.Dispose();
            File.Move(_temporary, _path, overwrite);
        }

        public void Dispose()
        {
            Stream.Dispose();

            // Gone after the move; there only when something failed.
            File.Delete(_temporary);
        }
    }
}

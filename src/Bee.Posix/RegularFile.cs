using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Bee.Posix;

/// <summary>
/// Reads regular files. Nothing here waits: a named pipe, a socket, a device or a folder is refused. Nothing takes .NET's advisory locks, which a child
/// process that has forked and not yet called exec would hold on.
/// </summary>
internal static class RegularFile
{
    /// <summary>The most that <see cref="ReadAllBytes(string, int)"/> reads if the caller gives no limit of its own.</summary>
    public const int DefaultLimit = 1 << 30;

    /// <summary>Opens a file for reading.</summary>
    /// <param name="path">The file. Symbolic links are followed.</param>
    /// <exception cref="FileNotFoundException">It does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    /// <exception cref="NotRegularFileException">It is something else than a regular file.</exception>
    public static SafeFileHandle Open(string path) => Open(path, out _);

    /// <summary>Opens a file for reading, and says what it is.</summary>
    /// <param name="path">The file. Symbolic links are followed.</param>
    /// <param name="status">Owner, permissions, length; empty on other systems than Linux.</param>
    /// <exception cref="FileNotFoundException">It does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    /// <exception cref="NotRegularFileException">It is something else than a regular file.</exception>
    public static SafeFileHandle Open(string path, out FileStatus status)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        status = default;

        // Non-blocking, or a named pipe without a writer would hang the reader, and so would files of /proc that wait for data (kmsg).
        return OperatingSystem.IsLinux() ? Checked(Libc.open(path, Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC, 0), path, out status) : File.OpenHandle(path);
    }

    /// <summary>Refuses a path that cannot be read as a regular file.</summary>
    /// <exception cref="FileNotFoundException">It does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    /// <exception cref="NotRegularFileException">It is something else than a regular file.</exception>
    public static void Require(string path) => Open(path).Dispose();

    /// <summary>Opens a file for reading; null if it does not exist.</summary>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    /// <exception cref="NotRegularFileException">It is something else than a regular file.</exception>
    public static SafeFileHandle? OpenIfExists(string path)
    {
        try
        {
            return Open(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or PosixException { IsNotFolder: true })
        {
            return null;
        }
    }

    /// <summary>Opens a file as a stream for reading.</summary>
    /// <exception cref="FileNotFoundException">It does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    /// <exception cref="NotRegularFileException">It is something else than a regular file.</exception>
    public static FileStream OpenStream(string path) => new(Open(path), FileAccess.Read, bufferSize: 4096);

    /// <summary>Whether there is a regular file. Symbolic links are followed.</summary>
    public static bool Exists(string path) => OperatingSystem.IsLinux() ? FileStatus.Of(path) is { IsRegular: true } : File.Exists(path);

    /// <summary>Whether something is there that is neither a regular file nor a folder. Symbolic links are followed.</summary>
    public static bool IsSpecial(string path) => OperatingSystem.IsLinux() && FileStatus.Of(path) is { IsRegular: false, IsFolder: false };

    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <exception cref="IOException">It does not exist, is not a regular file, or is larger than the limit.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public static byte[] ReadAllBytes(string path, int limit = DefaultLimit)
    {
        using SafeFileHandle file = Open(path);
        return ReadAllBytes(file, path, limit);
    }

    /// <summary>Reads a whole file as UTF-8, or as what its byte order mark says.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <exception cref="IOException">It does not exist, is not a regular file, or is larger than the limit.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public static string ReadAllText(string path, int limit = DefaultLimit)
    {
        using var reader = new StreamReader(new MemoryStream(ReadAllBytes(path, limit)), Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>Reads a file of text line by line, as the caller asks for them.</summary>
    /// <exception cref="IOException">It does not exist, or is not a regular file.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public static IEnumerable<string> ReadLines(string path)
    {
        using var reader = new StreamReader(OpenStream(path), Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    /// <summary>Reads a file that has just been opened, from its beginning to its end.</summary>
    /// <param name="file">The file.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <exception cref="IOException">It is larger than the limit.</exception>
    public static byte[] ReadAllBytes(SafeFileHandle file, string path, int limit)
    {
        // Some files of securityfs and tracefs cannot be sought in, so RandomAccess would refuse them.
        long length = OperatingSystem.IsLinux() ? (long)FileStatus.Of(file).Size : RandomAccess.GetLength(file);
        if (length > limit)
        {
            throw TooLarge(path, limit);
        }

        // Files of /proc and /sys say that they have no bytes, or a page.
        byte[] content = new byte[Math.Max(length, 4096) is var room && room < limit ? (int)room + 1 : limit + 1];
        int filled = 0;
        while (Read(file, path, content.AsSpan(filled), filled) is > 0 and var read)
        {
            filled += read;
            if (filled > limit)
            {
                throw TooLarge(path, limit);
            }

            if (filled == content.Length)
            {
                Array.Resize(ref content, (int)Math.Min(2L * content.Length, (long)limit + 1));
            }
        }

        return filled == content.Length ? content : content[..filled];
    }

    /// <summary>Takes over a new fd, which has to be a regular file's.</summary>
    internal static SafeFileHandle Checked(int fd, string path, out FileStatus status)
    {
        if (fd < 0)
        {
            // What open(2) gives for a socket.
            int errno = Marshal.GetLastPInvokeError();
            throw errno == Libc.ENXIO && FileStatus.Of(path) is { IsRegular: false } other
                ? new NotRegularFileException(path, other.Kind)
                : PosixException.From(errno, "open", path);
        }

        var file = new SafeFileHandle(fd, ownsHandle: true);
        try
        {
            status = FileStatus.Of(file);
            if (!status.IsRegular)
            {
                throw new NotRegularFileException(path, status.Kind);
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static unsafe int Read(SafeFileHandle file, string path, Span<byte> into, long offset)
    {
        if (!OperatingSystem.IsLinux())
        {
            return RandomAccess.Read(file, into, offset);
        }

        fixed (byte* first = into)
        {
            nint read;
            do
            {
                read = Libc.read(file, first, (nuint)into.Length);
            }
            while (read < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR);
            return read >= 0 ? (int)read : throw PosixException.Last("read", path);
        }
    }

    private static IOException TooLarge(string path, int limit) => new($"'{path}' has more than {limit} bytes, which are the limit for its kind.");
}

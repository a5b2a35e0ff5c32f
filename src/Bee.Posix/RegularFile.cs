using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Bee.Posix;

/// <summary>
/// Reads regular files. Never blocks: named pipes, sockets, devices and folders are refused. Does not take .NET's advisory locks, which a child
/// process between fork and exec would keep.
/// </summary>
internal static class RegularFile
{
    /// <summary>The default limit of <see cref="ReadAllBytes(string, int)"/> in bytes.</summary>
    public const int DefaultLimit = 1 << 30;

    /// <summary>Opens a file for reading.</summary>
    /// <param name="path">The file. Symbolic links are followed.</param>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read the file.</exception>
    /// <exception cref="NotRegularFileException">The path is not a regular file.</exception>
    public static SafeFileHandle Open(string path) => Open(path, out _);

    /// <summary>Opens a file for reading, and returns its status.</summary>
    /// <param name="path">The file. Symbolic links are followed.</param>
    /// <param name="status">The status; empty on other systems than Linux.</param>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read the file.</exception>
    /// <exception cref="NotRegularFileException">The path is not a regular file.</exception>
    public static SafeFileHandle Open(string path, out FileStatus status)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        status = default;

        // O_NONBLOCK keeps named pipes without a writer, and files of /proc that wait for data (kmsg), from blocking the reader.
        return OperatingSystem.IsLinux() ? Checked(Libc.open(path, Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC, 0), path, out status) : File.OpenHandle(path);
    }

    /// <summary>Checks that a path can be read as a regular file.</summary>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read the file.</exception>
    /// <exception cref="NotRegularFileException">The path is not a regular file.</exception>
    public static void Require(string path) => Open(path).Dispose();

    /// <summary>Opens a file for reading; null if it does not exist.</summary>
    /// <exception cref="UnauthorizedAccessException">This user may not read the file.</exception>
    /// <exception cref="NotRegularFileException">The path is not a regular file.</exception>
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
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read the file.</exception>
    /// <exception cref="NotRegularFileException">The path is not a regular file.</exception>
    public static FileStream OpenStream(string path) => new(Open(path), FileAccess.Read, bufferSize: 4096);

    /// <summary>Reports whether a path is a regular file. Follows symbolic links.</summary>
    public static bool Exists(string path) => OperatingSystem.IsLinux() ? FileStatus.Of(path) is { IsRegular: true } : File.Exists(path);

    /// <summary>Reports whether a path exists and is neither a regular file nor a folder. Follows symbolic links.</summary>
    public static bool IsSpecial(string path) => OperatingSystem.IsLinux() && FileStatus.Of(path) is { IsRegular: false, IsFolder: false };

    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">The maximum size in bytes.</param>
    /// <exception cref="IOException">The file does not exist, is not a regular file, or is larger than the limit.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read the file.</exception>
    public static byte[] ReadAllBytes(string path, int limit = DefaultLimit)
    {
        using SafeFileHandle file = Open(path);
        return ReadAllBytes(file, path, limit);
    }

    /// <summary>Reads a whole file as UTF-8, or in the encoding of its byte order mark.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">The maximum size in bytes.</param>
    /// <exception cref="IOException">The file does not exist, is not a regular file, or is larger than the limit.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read the file.</exception>
    public static string ReadAllText(string path, int limit = DefaultLimit)
    {
        using var reader = new StreamReader(new MemoryStream(ReadAllBytes(path, limit)), Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>Reads the lines of a text file lazily.</summary>
    /// <exception cref="IOException">The file does not exist, or is not a regular file.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read the file.</exception>
    public static IEnumerable<string> ReadLines(string path)
    {
        using var reader = new StreamReader(OpenStream(path), Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    /// <summary>Reads a newly opened file from the beginning to the end.</summary>
    /// <param name="file">The file.</param>
    /// <param name="path">The path of the file, for messages.</param>
    /// <param name="limit">The maximum size in bytes.</param>
    /// <exception cref="IOException">The file is larger than the limit.</exception>
    public static byte[] ReadAllBytes(SafeFileHandle file, string path, int limit)
    {
        // RandomAccess refuses some files of securityfs and tracefs, which do not support seeking.
        long length = OperatingSystem.IsLinux() ? (long)FileStatus.Of(file).Size : RandomAccess.GetLength(file);
        if (length > limit)
        {
            throw TooLarge(path, limit);
        }

        // Files of /proc and /sys report the size 0, or that of a page.
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

    /// <summary>Takes ownership of a new fd, and checks that it is a regular file.</summary>
    internal static SafeFileHandle Checked(int fd, string path, out FileStatus status)
    {
        if (fd < 0)
        {
            // The error of open(2) for a socket.
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

    private static IOException TooLarge(string path, int limit) => new($"'{path}' is larger than the limit of {limit} bytes.");
}

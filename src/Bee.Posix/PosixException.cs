using System.Runtime.InteropServices;

namespace Bee.Posix;

/// <summary>A file operation failed with an errno that has no exception of its own in .NET.</summary>
/// <remarks>
/// File operations throw the exceptions of System.IO: <see cref="FileNotFoundException"/>, <see cref="UnauthorizedAccessException"/>, or an <see cref="IOException"/> such as this one. They do not
/// derive from <see cref="BeeException"/>, so that callers handle files that Bee opens as those that .NET opens. Libraries that know the purpose of a file translate them.
/// </remarks>
/// <param name="errno">The error number.</param>
/// <param name="message">The operation, the file, and why it failed.</param>
internal sealed class PosixException(int errno, string message) : IOException(message)
{
    /// <summary>The error number, errno(3).</summary>
    public int Errno => errno;

    /// <summary>Whether a component of the path is not a folder (ENOTDIR).</summary>
    public bool IsNotFolder => errno == Libc.ENOTDIR;

    /// <summary>Reports whether a write failed because the disk or the user's quota is full (ENOSPC, EDQUOT).</summary>
    /// <param name="error">The exception of the write. Its HResult is the errno.</param>
    public static bool IsNoSpace(IOException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return (error is PosixException posix ? posix.Errno : error.HResult) is Libc.ENOSPC or Libc.EDQUOT;
    }

    /// <summary>Returns the exception for the last failed call: <see cref="FileNotFoundException"/> for a missing file,
    /// <see cref="UnauthorizedAccessException"/> for missing permissions, otherwise <see cref="PosixException"/>.</summary>
    internal static Exception Last(string action, string path) => From(Marshal.GetLastPInvokeError(), action, path);

    /// <summary>Returns the exception for an errno.</summary>
    internal static Exception From(int errno, string action, string path)
    {
        string message = $"Cannot {action} '{path}': {Marshal.GetPInvokeErrorMessage(errno)}.";
        return errno switch
        {
            Libc.ENOENT => new FileNotFoundException($"'{path}' does not exist.", path),
            Libc.EACCES or Libc.EPERM or Libc.EROFS => new UnauthorizedAccessException(message),
            _ => new PosixException(errno, message),
        };
    }
}

/// <summary>A path is not a regular file, but a pipe, a device, a socket or a folder.</summary>
/// <param name="path">The path.</param>
/// <param name="kind">The type of the file with its article.</param>
internal sealed class NotRegularFileException(string path, string kind)
    : IOException($"'{path}' is {kind}, not a regular file.{(kind == PipeKind ? " Save its content to a file, and give that file." : "")}")
{
    private const string PipeKind = "a named pipe";

    /// <summary>The path.</summary>
    public string Path => path;
}

/// <summary>A file is not trusted, because another user may have written it, or could replace it.</summary>
/// <param name="path">The file.</param>
/// <param name="place">The file, or the folder or link on its path, that another user controls.</param>
/// <param name="reason">Why the component is not trusted.</param>
/// <param name="status">The status of the component.</param>
internal sealed class UntrustedPathException(string path, string place, UntrustedReason reason, FileStatus status)
    : IOException($"'{place}' {Describe(reason, status)}")
{
    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>The file, or the folder or link on its path, that another user controls.</summary>
    public string Place => place;

    /// <summary>Why the component is not trusted.</summary>
    public UntrustedReason Reason => reason;

    /// <summary>The status of the component.</summary>
    public FileStatus Status => status;

    private static string Describe(UntrustedReason reason, FileStatus status) => reason switch
    {
        UntrustedReason.Owner => $"belongs to user {status.User}, who could change it.",
        UntrustedReason.Writable => $"can be written by others than its owner (mode {status.Permissions}).",
        _ => "is a symbolic link, which is not followed here.",
    };
}

/// <summary>The reasons why a path is not trusted.</summary>
internal enum UntrustedReason
{
    /// <summary>A component belongs to a user who is not trusted.</summary>
    Owner,

    /// <summary>Users other than the owner can write a component.</summary>
    Writable,

    /// <summary>A component is a symbolic link, and links are not followed.</summary>
    Link,
}

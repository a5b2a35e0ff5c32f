using System.Runtime.InteropServices;

namespace Bee.Posix;

/// <summary>A call on a file failed with an errno that .NET has no exception of its own for.</summary>
/// <remarks>
/// File operations fail with the exceptions of System.IO: a <see cref="FileNotFoundException"/>, an <see cref="UnauthorizedAccessException"/>, or a subclass of <see cref="IOException"/> as this one.
/// They do not derive from <see cref="BeeException"/>, so that a caller handles files that Bee opens and files that .NET opens in one place. Libraries that know what a file is for translate them.
/// </remarks>
/// <param name="errno">The error number.</param>
/// <param name="message">What was done, to which file, and why it failed.</param>
internal sealed class PosixException(int errno, string message) : IOException(message)
{
    /// <summary>The error number, errno(3).</summary>
    public int Errno => errno;

    /// <summary>Whether a folder was expected and is something else, ENOTDIR.</summary>
    public bool IsNotFolder => errno == Libc.ENOTDIR;

    /// <summary>Returns whether a file could not be written because the disk, or this user's share of it, is full: ENOSPC, EDQUOT.</summary>
    /// <param name="error">What a write threw: .NET gives the errno as the HResult.</param>
    public static bool IsNoSpace(IOException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return (error is PosixException posix ? posix.Errno : error.HResult) is Libc.ENOSPC or Libc.EDQUOT;
    }

    /// <summary>The exception for the last failed call. A missing file gives <see cref="FileNotFoundException"/>, missing rights
    /// <see cref="UnauthorizedAccessException"/>, everything else <see cref="PosixException"/>.</summary>
    internal static Exception Last(string action, string path) => From(Marshal.GetLastPInvokeError(), action, path);

    /// <summary>The exception for an errno.</summary>
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

/// <summary>A file was expected to be regular, and is a pipe, a device, a socket or a folder. An <see cref="IOException"/> for the reason that <see cref="PosixException"/> gives.</summary>
/// <param name="path">The file.</param>
/// <param name="kind">What it is, with its article.</param>
internal sealed class NotRegularFileException(string path, string kind)
    : IOException($"'{path}' is {kind}, not a regular file.{(kind == PipeKind ? " Save its content to a file, and give that file." : "")}")
{
    private const string PipeKind = "a named pipe";

    /// <summary>The file.</summary>
    public string Path => path;
}

/// <summary>A file is not believed, since another user could have written it, or could replace it. An <see cref="IOException"/> for the reason that <see cref="PosixException"/> gives.</summary>
/// <param name="path">The file.</param>
/// <param name="place">The file, or the folder or link on the way to it, that another user controls.</param>
/// <param name="reason">Which rule it breaks.</param>
/// <param name="status">What is at the place.</param>
internal sealed class UntrustedPathException(string path, string place, UntrustedReason reason, FileStatus status)
    : IOException($"'{place}' {Describe(reason, status)}")
{
    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>The file, or the folder or link on the way to it, that another user controls.</summary>
    public string Place => place;

    /// <summary>Which rule it breaks.</summary>
    public UntrustedReason Reason => reason;

    /// <summary>What is at the place.</summary>
    public FileStatus Status => status;

    private static string Describe(UntrustedReason reason, FileStatus status) => reason switch
    {
        UntrustedReason.Owner => $"belongs to user {status.User}, who could change it.",
        UntrustedReason.Writable => $"can be written by others than its owner (mode {status.Permissions}).",
        _ => "is a symbolic link, which is not followed here.",
    };
}

/// <summary>Why a path is not trusted.</summary>
internal enum UntrustedReason
{
    /// <summary>It belongs to a user who is not trusted.</summary>
    Owner,

    /// <summary>Others than its owner can write it.</summary>
    Writable,

    /// <summary>It is a symbolic link where none is followed.</summary>
    Link,
}

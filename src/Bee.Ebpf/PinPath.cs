using System.Globalization;
using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>
/// Resolves and checks folders of pins. By default all users can write to the root of the BPF file system, as to /tmp, so another user could plant pins that root would use.
/// Every folder on the path must therefore belong to root or to this user, and not be writable by others.
/// </summary>
internal static class PinPath
{
    /// <summary>The usual mount of the BPF file system.</summary>
    public const string FileSystem = "/sys/fs/bpf";

    /// <summary>The folder of pins that are given by name only.</summary>
    public const string DefaultFolder = FileSystem + "/bee";

    private const uint BpfMagic = 0xcafe4a11;
    private const int LongestName = 200;
    private const int MostAttempts = 10;

    /// <summary>Returns the folder for a name or an absolute path.</summary>
    /// <param name="name">A name of letters, digits, <c>_</c> and <c>-</c>, for a folder in <see cref="DefaultFolder"/>; or an absolute path.</param>
    /// <exception cref="PinException">The text is neither (<see cref="PinFault.BadPath"/>).</exception>
    public static string Resolve(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (Path.IsPathRooted(name))
        {
            var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(name));
            CheckName(Path.GetFileName(full), name);
            return full;
        }

        CheckName(name, name);
        return $"{DefaultFolder}/{name}";
    }

    /// <summary>Checks whether a folder of pins can be created. Changes nothing.</summary>
    /// <param name="folder">An absolute path.</param>
    /// <exception cref="PinException">The folder cannot be created.</exception>
    public static void CheckFree(string folder)
    {
        // The default folder is created on first use. An existing one may belong to another user.
        var parent = Path.GetDirectoryName(folder) ?? "/";
        CheckFileSystem(parent == DefaultFolder ? FileSystem : parent);
        if (parent != DefaultFolder || FileStatus.Of(parent, followLink: false) is not null)
        {
            CheckTrusted(parent);
            CheckFileSystem(parent);
        }

        if (FileStatus.Of(folder, followLink: false) is not null)
        {
            throw PinException.Taken(folder);
        }
    }

    /// <summary>Creates the folder without access for others.</summary>
    /// <exception cref="PinException">The folder cannot be created, or other users could change its content.</exception>
    internal static void Create(string folder)
    {
        CheckFree(folder);
        var parent = Path.GetDirectoryName(folder) ?? "/";
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Create(folder, parent);
                return;
            }
            catch (PinException) when (parent == DefaultFolder && attempt < MostAttempts && FileStatus.Of(parent, followLink: false) is null)
            {
                // Another process removed the default folder together with its last pins.
            }
        }
    }

    /// <summary>Removes the default folder if it is empty.</summary>
    /// <param name="folder">The folder of pins that was removed.</param>
    internal static void RemoveEmptyDefault(string folder)
    {
        if (Path.GetDirectoryName(folder) == DefaultFolder)
        {
            // The kernel refuses if the folder is not empty or belongs to another user.
            _ = Libc.rmdir(DefaultFolder);
        }
    }

    private static void Create(string folder, string parent)
    {
        if (parent == DefaultFolder && Libc.mkdir(parent, Libc.OwnerOnly) < 0 && Marshal.GetLastPInvokeError() is not Libc.EEXIST and var errno)
        {
            throw PinException.Of(errno, "create the folder", parent);
        }

        CheckTrusted(parent);
        if (Libc.mkdir(folder, Libc.OwnerOnly) < 0)
        {
            throw PinException.Of(Marshal.GetLastPInvokeError(), "create the folder", folder);
        }
    }

    /// <summary>Throws if a folder is not on a BPF file system.</summary>
    internal static void CheckFileSystem(string folder)
    {
        if (FileCalls.FileSystemOf(folder) is not { } type)
        {
            var errno = Marshal.GetLastPInvokeError();
            throw errno == Libc.ENOENT && folder != FileSystem
                ? new PinException(PinFault.NotFound, folder, $"Folder '{folder}' does not exist.", $"Create it (mkdir {folder}), or give only a name for a folder in {DefaultFolder}.")
                : PinException.Of(errno, "inspect", folder);
        }

        if (type == BpfMagic)
        {
            return;
        }

        throw folder == FileSystem
            ? new PinException(PinFault.NotOnBpffs, folder, $"No BPF file system is mounted on {FileSystem}, and pins need one.", $"As root: mount -t bpf bpf {FileSystem}")
            : new PinException(PinFault.NotOnBpffs, folder, $"'{folder}' is not on a BPF file system, and pins need one.", $"Give only a name, or a path in {FileSystem}.");
    }

    /// <summary>Throws if another user could have created a folder or can change it.</summary>
    internal static void CheckTrusted(string folder)
    {
        var me = UserAccount.EffectiveUser;
        for (var path = folder; path is not null; path = Path.GetDirectoryName(path))
        {
            if (FileStatus.Of(path, followLink: false) is not { } status)
            {
                throw PinException.Of(Marshal.GetLastPInvokeError(), "inspect", path);
            }

            // Members of the group are other users, too.
            var isShared = status.OthersWrite || status.GroupWrites;
            var fault = status.IsLink ? "is a link"
                : !status.IsFolder ? "is not a folder"
                : status.User != 0 && status.User != me ? $"belongs to user {Owner(status.User)}"
                : isShared && (!status.IsSticky || path == folder) ? "can be written by other users"
                : null;
            if (fault is not null)
            {
                throw new PinException(PinFault.Untrusted, path, $"'{path}' {fault}, so pins there cannot be trusted.", Remedy(path, status, me));
            }
        }
    }

    // Any user can create the default folder first, since the BPF file system is writable for all.
    private static string Remedy(string path, FileStatus status, uint me)
    {
        var owns = status.User == me || me == 0;
        var mend = !path.StartsWith(FileSystem + "/", StringComparison.Ordinal) ? null
            : !status.IsFolder ? $"rm {path}"
            : status.User == 0 || status.User == me ? $"chmod go-w {path}"
            : $"rmdir {path}, or rm -r {path} if nothing pinned in it is needed";
        var own = FreeFolder(me);
        var elsewhere = $"use an absolute path in a folder of your own: mkdir -m 700 {own}, then {own}/NAME";
        return mend is null ? char.ToUpperInvariant(elsewhere[0]) + elsewhere[1..] + "."
            : $"{(owns ? "Run" : "Ask root or its owner to run")}: {mend}. Or {elsewhere}.";
    }

    // Another user may have created the first name, too.
    private static string FreeFolder(uint user)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{FileSystem}/bee-{user}");
        return FileStatus.Of(name, followLink: false) is null ? name : $"{name}-{Random.Shared.Next():x8}";
    }

    private static string Owner(uint user) =>
        UserAccount.Find(user) is { Name.Length: > 0 } account ? string.Create(CultureInfo.InvariantCulture, $"{user} ({account.Name})") : user.ToString(CultureInfo.InvariantCulture);

    private static void CheckName(string name, string given)
    {
        if (name.Length is 0 or > LongestName || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
        {
            throw new PinException(
                PinFault.BadPath,
                given,
                $"'{given}' is not a valid name for a folder of pins.",
                $"Give a name of letters, digits, '_' and '-' ({LongestName} at most; the kernel does not allow dots), which becomes a folder in {DefaultFolder}; or an absolute path on a BPF file system.");
        }
    }
}

/// <summary>The reason why pins cannot be created, read or removed.</summary>
public enum PinFault
{
    /// <summary>Any other reason; see the message.</summary>
    Other,

    /// <summary>No BPF file system is mounted, or the path is not on one.</summary>
    NotOnBpffs,

    /// <summary>The path cannot be a folder of pins.</summary>
    BadPath,

    /// <summary>The folder exists already.</summary>
    Exists,

    /// <summary>The folder or a pin does not exist.</summary>
    NotFound,

    /// <summary>Another user could have created or changed the folder.</summary>
    Untrusted,

    /// <summary>Bee did not create the folder, or its state is damaged or incomplete.</summary>
    Foreign,

    /// <summary>A program has a link that cannot be pinned.</summary>
    CannotPin,

    /// <summary>Another process reads the events.</summary>
    InUse,

    /// <summary>The process lacks permission.</summary>
    NoPermission,
}

/// <summary>The exception for pins that cannot be created, read or removed.</summary>
public sealed class PinException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The kind of fault.</param>
    /// <param name="path">The path that the fault concerns.</param>
    /// <param name="message">The fault, as a sentence.</param>
    /// <param name="remedy">The remedy, or null.</param>
    /// <param name="inner">The cause, or null.</param>
    public PinException(PinFault fault, string path, string message, string? remedy = null, Exception? inner = null) : base($"Pin.{fault}", message, remedy, inner)
    {
        Fault = fault;
        Path = path;
    }

    /// <summary>The kind of fault.</summary>
    public PinFault Fault { get; }

    /// <summary>The path that the fault concerns.</summary>
    public string Path { get; }

    /// <summary>Returns the exception for a failed system call on a path.</summary>
    internal static PinException Of(int errno, string what, string path) => errno switch
    {
        Libc.EPERM or Libc.EACCES => new PinException(
            PinFault.NoPermission, path, $"No permission to {what} '{path}'.", "Run as root (sudo): pins belong to the user who created them, and reading them requires CAP_BPF."),
        Libc.ENOENT => new PinException(PinFault.NotFound, path, $"'{path}' does not exist."),
        Libc.EEXIST => Taken(path),
        _ => new PinException(PinFault.Other, path, $"Cannot {what} '{path}': {Libc.Describe(errno)}."),
    };

    internal static PinException Taken(string path) => new(
        PinFault.Exists, path, $"'{path}' exists already, and pins are never overwritten.", "Choose another name, or remove the pins there.");
}

using System.Globalization;
using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>
/// Folders of pins: where they are, and whether they can be believed. The BPF file system is open to all users by default (its root is like /tmp),
/// and what root finds there it would run, so every folder on the way must belong to root or to this user, and be closed to others.
/// </summary>
internal static class PinPath
{
    /// <summary>Where the BPF file system is mounted by custom.</summary>
    public const string FileSystem = "/sys/fs/bpf";

    /// <summary>Where pins go that are given a name only, and where they are looked for.</summary>
    public const string DefaultFolder = FileSystem + "/bee";

    private const uint BpfMagic = 0xcafe4a11;
    private const int LongestName = 200;
    private const int MostAttempts = 10;

    /// <summary>The folder that a name or an absolute path means.</summary>
    /// <param name="given">A name of letters, digits, <c>_</c> and <c>-</c>, for a folder in <see cref="DefaultFolder"/>; or an absolute path.</param>
    /// <exception cref="PinException">It is neither (<see cref="PinFault.BadPath"/>).</exception>
    public static string Resolve(string given)
    {
        ArgumentException.ThrowIfNullOrEmpty(given);
        if (Path.IsPathRooted(given))
        {
            var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(given));
            CheckName(Path.GetFileName(full), given);
            return full;
        }

        CheckName(given, given);
        return $"{DefaultFolder}/{given}";
    }

    /// <summary>Looks whether pins can be made at a path; nothing is changed.</summary>
    /// <param name="folder">An absolute path.</param>
    /// <exception cref="PinException">They cannot, and why.</exception>
    public static void CheckFree(string folder)
    {
        // The default folder is made when it is first needed. What stands in its place may be anybody's.
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

    /// <summary>Makes the folder, closed to others.</summary>
    /// <exception cref="PinException">It cannot be made, or others could change what is in it.</exception>
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
                // Another process has removed its last pins, and the empty folder with them.
            }
        }
    }

    /// <summary>Removes the folder of all pins that have a name only, where it is empty.</summary>
    /// <param name="folder">The folder of pins that was removed.</param>
    internal static void RemoveEmptyDefault(string folder)
    {
        if (Path.GetDirectoryName(folder) == DefaultFolder)
        {
            // Where it is not empty, or another user's, the kernel refuses.
            _ = Libc.rmdir(DefaultFolder);
        }
    }

    private static void Create(string folder, string parent)
    {
        if (parent == DefaultFolder && Libc.mkdir(parent, Libc.OwnerOnly) < 0 && Marshal.GetLastPInvokeError() is not Libc.EEXIST and var errno)
        {
            throw PinException.Of(errno, "make the folder", parent);
        }

        CheckTrusted(parent);
        if (Libc.mkdir(folder, Libc.OwnerOnly) < 0)
        {
            throw PinException.Of(Marshal.GetLastPInvokeError(), "make the folder", folder);
        }
    }

    /// <summary>Refuses a folder that is on no BPF file system.</summary>
    internal static void CheckFileSystem(string folder)
    {
        if (FileCalls.FileSystemOf(folder) is not { } type)
        {
            var errno = Marshal.GetLastPInvokeError();
            throw errno == Libc.ENOENT && folder != FileSystem
                ? new PinException(PinFault.NotFound, folder, $"There is no folder '{folder}'.", $"Make it first (mkdir {folder}), or give a name only: it is made in {DefaultFolder}.")
                : PinException.Of(errno, "look at", folder);
        }

        if (type == BpfMagic)
        {
            return;
        }

        throw folder == FileSystem
            ? new PinException(PinFault.NotOnBpffs, folder, $"No BPF file system is mounted on {FileSystem}, and only there pins can be.", $"As root: mount -t bpf bpf {FileSystem}")
            : new PinException(PinFault.NotOnBpffs, folder, $"'{folder}' is not on a BPF file system, and only there pins can be.", $"Give a name only, or a path in {FileSystem}.");
    }

    /// <summary>Refuses a folder that someone else could have made, or could change.</summary>
    internal static void CheckTrusted(string folder)
    {
        var me = UserAccount.EffectiveUser;
        for (var path = folder; path is not null; path = Path.GetDirectoryName(path))
        {
            if (FileStatus.Of(path, followLink: false) is not { } status)
            {
                throw PinException.Of(Marshal.GetLastPInvokeError(), "look at", path);
            }

            // The group counts as others: it may have many members.
            var isShared = status.OthersWrite || status.GroupWrites;
            var fault = status.IsLink ? "is a link"
                : !status.IsFolder ? "is not a folder"
                : status.User != 0 && status.User != me ? $"belongs to user {Owner(status.User)}"
                : isShared && (!status.IsSticky || path == folder) ? "can be written by other users"
                : null;
            if (fault is not null)
            {
                throw new PinException(PinFault.Untrusted, path, $"'{path}' {fault}, so what is pinned there cannot be trusted.", Remedy(path, status, me));
            }
        }
    }

    // The name that is given to users is a plain folder's, and the BPF file system lets every user make one: the first one may be a stranger's.
    private static string Remedy(string path, FileStatus status, uint me)
    {
        var owns = status.User == me || me == 0;
        var mend = !path.StartsWith(FileSystem + "/", StringComparison.Ordinal) ? null
            : !status.IsFolder ? $"rm {path}"
            : status.User == 0 || status.User == me ? $"chmod go-w {path}"
            : $"rmdir {path}, or rm -r {path} where something is pinned in it that is not needed";
        var own = FreeFolder(me);
        var elsewhere = $"an absolute path in a folder of your own works: mkdir -m 700 {own}, then {own}/NAME";
        return mend is null ? char.ToUpperInvariant(elsewhere[0]) + elsewhere[1..] + "."
            : $"{(owns ? "Run" : "Ask root or its owner to run")}: {mend}. Or {elsewhere}.";
    }

    // Another user can take the first name in advance as well.
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
                $"'{given}' cannot name a folder of pins.",
                $"Give a name of letters, digits, '_' and '-' ({LongestName} at most; the kernel keeps points for itself), which becomes a folder in {DefaultFolder}; or an absolute path on a BPF file system.");
        }
    }
}

/// <summary>Why pins cannot be made, read or taken away.</summary>
public enum PinFault
{
    /// <summary>None of the below; the message says what is known.</summary>
    Other,

    /// <summary>No BPF file system is mounted, or the path is not on one.</summary>
    NotOnBpffs,

    /// <summary>The path cannot be a folder of pins.</summary>
    BadPath,

    /// <summary>There is something under that name already.</summary>
    Exists,

    /// <summary>There is nothing under that name.</summary>
    NotFound,

    /// <summary>Somebody else could have put what is there.</summary>
    Untrusted,

    /// <summary>What is there was not made by Bee, or is damaged or unfinished.</summary>
    Foreign,

    /// <summary>Something of the program cannot be pinned.</summary>
    CannotPin,

    /// <summary>Another process reads its events.</summary>
    InUse,

    /// <summary>This process may not.</summary>
    NoPermission,
}

/// <summary>Pins cannot be made, read or taken away.</summary>
public sealed class PinException : BeeException
{
    /// <summary>Makes one.</summary>
    /// <param name="fault">What kind of fault.</param>
    /// <param name="path">The path it is about.</param>
    /// <param name="message">What is wrong.</param>
    /// <param name="remedy">What to do, or null.</param>
    /// <param name="inner">The cause, where there is one.</param>
    public PinException(PinFault fault, string path, string message, string? remedy = null, Exception? inner = null) : base($"Pin.{fault}", message, remedy, inner)
    {
        Fault = fault;
        Path = path;
    }

    /// <summary>What kind of fault.</summary>
    public PinFault Fault { get; }

    /// <summary>The path it is about.</summary>
    public string Path { get; }

    /// <summary>The failure of a system call on a path.</summary>
    internal static PinException Of(int errno, string what, string path) => errno switch
    {
        Libc.EPERM or Libc.EACCES => new PinException(
            PinFault.NoPermission, path, $"No permission to {what} '{path}'.", "Run as root (sudo): pins belong to who made them, and reading them takes CAP_BPF."),
        Libc.ENOENT => new PinException(PinFault.NotFound, path, $"There is no '{path}'."),
        Libc.EEXIST => Taken(path),
        _ => new PinException(PinFault.Other, path, $"Cannot {what} '{path}': {Libc.Describe(errno)}."),
    };

    internal static PinException Taken(string path) => new(
        PinFault.Exists, path, $"'{path}' exists already, and pins are never overwritten.", "Choose another name, or end what is pinned there.");
}

using Microsoft.Win32.SafeHandles;

namespace Bee.Posix;

/// <summary>
/// Decides which files are trusted: those that, with all folders and links on their path, belong to root or a trusted user and cannot be written by other users.
/// In a sticky folder (/tmp), other users may own other names, since the next component is checked too.
/// </summary>
/// <remarks>Each component is opened without following links and checked by its fd, so the checked file is the one that is opened.</remarks>
internal sealed class PathGuard
{
    private readonly uint[] _users;
    private readonly Func<FileStatus, bool> _isPrivateGroup;
    private readonly bool _followLinks;

    /// <summary>Creates a guard.</summary>
    /// <param name="users">The users that are trusted in addition to root.</param>
    /// <param name="isPrivateGroup">Reports whether the owner of a file is the only member of its group; null for <see cref="UserAccount.HasPrivateGroup"/>.</param>
    /// <param name="followLinks">Whether to follow links of root and of trusted users.</param>
    public PathGuard(IEnumerable<uint> users, Func<FileStatus, bool>? isPrivateGroup = null, bool followLinks = true)
    {
        _users = [0, .. users];
        _isPrivateGroup = isPrivateGroup ?? UserAccount.HasPrivateGroup;
        _followLinks = followLinks;
    }

    /// <summary>Whether links of root and of trusted users are followed.</summary>
    public bool FollowsLinks => _followLinks;

    /// <summary>A guard that trusts root and the effective user of this process.</summary>
    public static PathGuard Own => new([UserAccount.EffectiveUser]);

    /// <summary>A guard that trusts root, the effective user and, under sudo, the invoking user.</summary>
    public static PathGuard OwnOrInvoking => new(InvokingUser.Current is { } user ? [UserAccount.EffectiveUser, user.Id] : [UserAccount.EffectiveUser]);

    /// <summary>Opens a regular file for reading.</summary>
    /// <param name="path">An absolute path.</param>
    /// <returns>The file; null if it does not exist.</returns>
    /// <exception cref="UntrustedPathException">Another user may have written the file, or could replace it.</exception>
    /// <exception cref="NotRegularFileException">The path is not a regular file.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read the file.</exception>
    public SafeFileHandle? OpenFile(string path)
    {
        try
        {
            return PathWalk.OpenFile(path, (status, place) => Check(status, place, path), _followLinks);
        }
        catch (PosixException e) when (e.IsNotFolder)
        {
            return null;
        }
    }

    /// <summary>Reports whether a file, or the nearest existing folder above it, is trusted.</summary>
    /// <param name="path">An absolute path.</param>
    public bool Accepts(string path)
    {
        try
        {
            PathWalk.Visit(path, (status, place) => Check(status, place, path), _followLinks);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Checks one component of a path.</summary>
    /// <param name="status">The status of the component.</param>
    /// <param name="place">The path of the component.</param>
    /// <param name="path">The whole path.</param>
    /// <exception cref="UntrustedPathException">The component is not trusted.</exception>
    public void Check(FileStatus status, string place, string path)
    {
        if (status.IsLink && !_followLinks)
        {
            throw new UntrustedPathException(path, place, UntrustedReason.Link, status);
        }

        if (!_users.Contains(status.User))
        {
            throw new UntrustedPathException(path, place, UntrustedReason.Owner, status);
        }

        // A link has no permissions of its own.
        bool others = !status.IsLink && (status.OthersWrite || (status.GroupWrites && (HasAccessList(place) || (status.Group != 0 && !_isPrivateGroup(status)))));
        if (others && !(status.IsFolder && status.IsSticky))
        {
            throw new UntrustedPathException(path, place, UntrustedReason.Writable, status);
        }
    }

    // With an access control list, the group permissions are the maximum for all users in the list (acl(5)). Reading by path is safe, because
    // the folders before it were checked and other users cannot replace them.
    private static unsafe bool HasAccessList(string place) => Libc.getxattr(place, "system.posix_acl_access", null, 0) > 0;
}

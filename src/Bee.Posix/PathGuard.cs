using Microsoft.Win32.SafeHandles;

namespace Bee.Posix;

/// <summary>
/// Decides which files are believed: those that belong, with every folder and link on the way, to root or a trusted user, and that nobody else can write.
/// Another user may have names in a sticky folder (/tmp), since the next component is checked as well.
/// </summary>
/// <remarks>What is checked is what is opened: each component is opened without following links, and its fd is looked at.</remarks>
internal sealed class PathGuard
{
    private readonly uint[] _users;
    private readonly Func<FileStatus, bool> _isPrivateGroup;
    private readonly bool _followLinks;

    /// <summary>A guard.</summary>
    /// <param name="users">Who is trusted beside root.</param>
    /// <param name="isPrivateGroup">Whether the group of a file has no member but the owner; null for <see cref="UserAccount.HasPrivateGroup"/>.</param>
    /// <param name="followLinks">Whether links of root and of trusted users are followed.</param>
    public PathGuard(IEnumerable<uint> users, Func<FileStatus, bool>? isPrivateGroup = null, bool followLinks = true)
    {
        _users = [0, .. users];
        _isPrivateGroup = isPrivateGroup ?? UserAccount.HasPrivateGroup;
        _followLinks = followLinks;
    }

    /// <summary>Whether links of root and of trusted users are followed.</summary>
    public bool FollowsLinks => _followLinks;

    /// <summary>Trusts root and the effective user of this process.</summary>
    public static PathGuard Own => new([UserAccount.EffectiveUser]);

    /// <summary>Trusts root, the effective user, and under sudo the user who called it.</summary>
    public static PathGuard OwnOrInvoking => new(InvokingUser.Current is { } user ? [UserAccount.EffectiveUser, user.Id] : [UserAccount.EffectiveUser]);

    /// <summary>Opens a regular file for reading.</summary>
    /// <param name="path">An absolute path.</param>
    /// <returns>The file; null if it does not exist.</returns>
    /// <exception cref="UntrustedPathException">Another user could have written it, or could replace it.</exception>
    /// <exception cref="NotRegularFileException">It is something else than a regular file.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
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

    /// <summary>Whether a file, or the nearest folder above it that exists, is believed.</summary>
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

    /// <summary>Refuses what another user could have made or changed.</summary>
    /// <param name="status">What is at the place.</param>
    /// <param name="place">The place.</param>
    /// <param name="path">The path that it is on.</param>
    /// <exception cref="UntrustedPathException">It is not believed.</exception>
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

    // With an access control list the group's permissions are the most that any user of the list has (acl(5)). By its path, which nobody else can
    // replace: the folders before it have been checked.
    private static unsafe bool HasAccessList(string place) => Libc.getxattr(place, "system.posix_acl_access", null, 0) > 0;
}

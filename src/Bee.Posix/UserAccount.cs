using System.Globalization;

namespace Bee.Posix;

/// <summary>An entry of <c>/etc/passwd</c> (passwd(5)).</summary>
/// <param name="Id">The user id.</param>
/// <param name="Group">The id of the primary group.</param>
/// <param name="Home">The home directory.</param>
internal sealed record UserAccount(uint Id, uint Group, string Home)
{
    /// <summary>The login name.</summary>
    public string Name { get; init; } = "";

    private const string FilePath = "/etc/passwd";
    private const int LargestFile = 64 << 20;

    /// <summary>The effective user id of this process.</summary>
    public static uint EffectiveUser => OperatingSystem.IsLinux() ? Libc.geteuid() : 0;

    /// <summary>Returns the first entry of a user; null if there is none or the file cannot be read.</summary>
    public static UserAccount? Find(uint user)
    {
        try
        {
            return Find(user, RegularFile.ReadAllText(FilePath, LargestFile).Split('\n'));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Reports whether the group of a file is the owner's private group. Debian and Fedora give each user a group with the same id, and make files group-writable.</summary>
    public static bool HasPrivateGroup(FileStatus status) => status.Group == status.User && Find(status.User)?.Group == status.Group;

    /// <summary>Reports whether this process may currently create files in a folder.</summary>
    public static bool MayWriteInto(string folder)
    {
        const int WriteAndSearch = 2 | 1;
        return Libc.faccessat(Libc.AT_FDCWD, folder, WriteAndSearch, Libc.AT_EACCESS) == 0;
    }

    internal static UserAccount? Find(uint user, IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            // name:password:uid:gid:comment:home:shell
            string[] fields = line.Split(':');
            if (fields.Length >= 6
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint id) && id == user
                && uint.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out uint group)
                && fields[5].Length > 0)
            {
                return new UserAccount(id, group, fields[5]) { Name = fields[0] };
            }
        }

        return null;
    }
}

/// <summary>The user who called sudo.</summary>
/// <param name="Id">The user id.</param>
/// <param name="Home">The home directory.</param>
/// <param name="PrivateGroup">The private group of the user, or null.</param>
internal sealed record InvokingUser(uint Id, string Home, uint? PrivateGroup)
{
    private const string UserVariable = "SUDO_UID";

    /// <summary>The user who called sudo; null if this process is not root, was not started by sudo, or root called sudo.</summary>
    public static InvokingUser? Current => OperatingSystem.IsLinux() && UserAccount.EffectiveUser == 0 ? From(Environment.GetEnvironmentVariable(UserVariable)) : null;

    /// <summary>A guard that trusts root's and this user's files, and follows no links.</summary>
    public PathGuard Guard => new([Id], status => status.Group == PrivateGroup, followLinks: false);

    private static InvokingUser? From(string? text)
    {
        // Root can set the variable to anything, which is root's own decision. The files are checked against the same id.
        if (!uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) || id == 0)
        {
            return null;
        }

        return UserAccount.Find(id) is { } user && user.Home.StartsWith('/') && user.Home != "/"
            ? new InvokingUser(id, user.Home, user.Group == id ? user.Group : null)
            : null;
    }
}

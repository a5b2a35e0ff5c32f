namespace Bee.Posix;

/// <summary>
/// Where this process keeps data, settings and caches, by the XDG Base Directory Specification. Under sudo these are root's, also where sudo was told to
/// keep the user's environment: variables that name a folder of that user do not count.
/// </summary>
internal static class UserFolders
{
    /// <summary>The home directory: HOME, otherwise the entry of passwd(5); null if neither names one.</summary>
    public static string? Home => Mine("HOME") ?? UserAccount.Find(UserAccount.EffectiveUser)?.Home;

    /// <summary>XDG_DATA_HOME, else ~/.local/share; null if there is no home directory.</summary>
    public static string? Data => Xdg("XDG_DATA_HOME", Path.Combine(".local", "share"));

    /// <summary>XDG_CONFIG_HOME, else ~/.config; null if there is no home directory.</summary>
    public static string? Configuration => Xdg("XDG_CONFIG_HOME", ".config");

    /// <summary>The folders that a cache may be in, the first choice first: XDG_CACHE_HOME, ~/.cache, and .cache in the home directory that passwd(5) says.</summary>
    public static IEnumerable<string> Caches =>
        new[] { Xdg("XDG_CACHE_HOME", ".cache"), In(Mine("HOME"), ".cache"), In(UserAccount.Find(UserAccount.EffectiveUser)?.Home, ".cache") }.OfType<string>().Distinct();

    /// <summary>Whether under sudo a folder, or the nearest one above it that exists, belongs to the user who called it.</summary>
    public static bool BelongsToInvokingUser(string folder) => InvokingUser.Current is { } user && Owner(folder) == user.Id;

    // A relative path counts as none, as the specification says.
    private static string? Xdg(string variable, string inHome) => Mine(variable) is { } folder && Path.IsPathRooted(folder) ? folder : In(Home, inHome);

    private static string? In(string? home, string below) => home is not null && Path.IsPathRooted(home) ? Path.Combine(home, below) : null;

    private static string? Mine(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } folder && !BelongsToInvokingUser(folder) ? folder : null;

    private static uint? Owner(string folder)
    {
        for (string? path = folder; path is not null; path = Path.GetDirectoryName(path))
        {
            if (FileStatus.Of(path) is { } status)
            {
                return status.User;
            }
        }

        return null;
    }
}

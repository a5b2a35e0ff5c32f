namespace Bee.Posix;

/// <summary>
/// The folders for data, configuration and caches of this process, by the XDG Base Directory Specification. Under sudo, these are root's folders: variables that name a
/// folder of the invoking user are ignored, even if sudo keeps the user's environment.
/// </summary>
internal static class UserFolders
{
    /// <summary>The home directory: HOME, or else the entry of passwd(5); null if neither exists.</summary>
    public static string? Home => Mine("HOME") ?? UserAccount.Find(UserAccount.EffectiveUser)?.Home;

    /// <summary>XDG_DATA_HOME, or else ~/.local/share; null if there is no home directory.</summary>
    public static string? Data => Xdg("XDG_DATA_HOME", Path.Combine(".local", "share"));

    /// <summary>XDG_CONFIG_HOME, or else ~/.config; null if there is no home directory.</summary>
    public static string? Configuration => Xdg("XDG_CONFIG_HOME", ".config");

    /// <summary>The candidates for a cache, in order: XDG_CACHE_HOME, ~/.cache, and .cache in the home directory of passwd(5).</summary>
    public static IEnumerable<string> Caches =>
        new[] { Xdg("XDG_CACHE_HOME", ".cache"), In(Mine("HOME"), ".cache"), In(UserAccount.Find(UserAccount.EffectiveUser)?.Home, ".cache") }.OfType<string>().Distinct();

    /// <summary>Reports whether, under sudo, a folder or the nearest existing folder above it belongs to the invoking user.</summary>
    public static bool BelongsToInvokingUser(string folder) => InvokingUser.Current is { } user && Owner(folder) == user.Id;

    // The specification ignores relative paths.
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

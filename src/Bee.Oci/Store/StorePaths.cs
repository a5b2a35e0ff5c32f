using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Store;

/// <summary>Where stores are by default.</summary>
internal static class StorePaths
{
    private const string StoreVariable = "BEE_STORE";

    /// <summary>The store of the user who runs this process.</summary>
    public static string Own() =>
        Named() is { } named && !UserFolders.BelongsToInvokingUser(named) ? named
        : UserFolders.Data is { } data ? Path.Combine(data, "bee", "store")
        : throw NoHome($"to keep images in. Set {StoreVariable}");

    /// <summary>The store of the user behind sudo: what that user's BEE_STORE names if sudo kept it, else the one in the home directory.</summary>
    public static string Of(InvokingUser user) => Named() is { } named && UserFolders.BelongsToInvokingUser(named) ? named : InHome(user.Home);

    /// <summary>Where the user who runs this process keeps settings: XDG_CONFIG_HOME, else ~/.config.</summary>
    public static string Configuration() => UserFolders.Configuration ?? throw NoHome("to keep settings in. Set XDG_CONFIG_HOME");

    /// <summary>The default store in a home directory.</summary>
    public static string InHome(string home) => Path.Combine(home, ".local", "share", "bee", "store");

    private static string? Named() => Environment.GetEnvironmentVariable(StoreVariable) is { Length: > 0 } named ? Path.GetFullPath(named) : null;

    private static StoreException NoHome(string purpose) => new(
        StoreFault.NotAStore, $"HOME is not set and user {UserAccount.EffectiveUser} has no home directory {purpose}.");
}

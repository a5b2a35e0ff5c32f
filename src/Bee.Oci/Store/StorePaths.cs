using Bee.Oci.Native;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Store;

/// <summary>Where stores are by default.</summary>
internal static class StorePaths
{
    private const string StoreVariable = "BEE_STORE";

    /// <summary>The store of whoever runs this process.</summary>
    public static string Own() =>
        Variable(StoreVariable) is { } named ? Path.GetFullPath(named)
        : Mine("XDG_DATA_HOME") is { } data && Path.IsPathRooted(data) ? Path.Combine(data, "bee", "store")
        : InHome(Home($"to keep images in. Set {StoreVariable}"));

    /// <summary>Where whoever runs this process keeps settings: XDG_CONFIG_HOME, else ~/.config.</summary>
    public static string Configuration() =>
        Mine("XDG_CONFIG_HOME") is { } folder && Path.IsPathRooted(folder) ? folder : Path.Combine(Home("to keep settings in. Set XDG_CONFIG_HOME"), ".config");

    /// <summary>The default store in a home directory.</summary>
    public static string InHome(string home) => Path.Combine(home, ".local", "share", "bee", "store");

    private static string Home(string purpose) =>
        Mine("HOME") ?? PasswordFile.Find(LibC.EffectiveUser())?.Home ?? throw new StoreException(
            StoreFault.NotAStore, $"HOME is not set and user {LibC.EffectiveUser()} has no home directory {purpose}.");

    // Under sudo the variables can still be the invoking user's, and that user's folders are not root's.
    private static string? Mine(string variable) =>
        Variable(variable) is { } folder && (InvokingUser.Current is not { } other || !BelongsTo(folder, other.Id)) ? folder : null;

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <summary>Whether the directory, or the nearest one above it that exists, is that user's.</summary>
    private static bool BelongsTo(string directory, uint user)
    {
        for (string? path = directory; path is not null; path = Path.GetDirectoryName(path))
        {
            using SafeFileHandle? handle = LibC.Open(path, LibC.PathOnly);
            if (handle is not null)
            {
                return LibC.TryStat(handle, out LibC.FileFacts facts) && facts.User == user;
            }
        }

        return false;
    }
}

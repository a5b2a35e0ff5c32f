using Bee.Oci.Native;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Store;

/// <summary>Where stores are by default.</summary>
internal static class StorePaths
{
    private const string StoreVariable = "BEE_STORE";

    /// <summary>The store of whoever runs this process.</summary>
    public static string Own()
    {
        if (Variable(StoreVariable) is { } named)
        {
            return Path.GetFullPath(named);
        }

        uint me = LibC.EffectiveUser();
        Func<string, bool> mine = InvokingUser.Current is { } other ? directory => !BelongsTo(directory, other.Id) : _ => true;
        if (Variable("XDG_DATA_HOME") is { } data && Path.IsPathRooted(data) && mine(data))
        {
            return Path.Combine(data, "bee", "store");
        }

        string? home = Variable("HOME") is { } set && mine(set) ? set : PasswordFile.Find(me)?.Home;
        return InHome(home ?? throw new StoreException(
            StoreFault.NotAStore, $"There is no home directory to keep images in: HOME is not set and user {me} has none. Set {StoreVariable}."));
    }

    /// <summary>The default store in a home directory.</summary>
    public static string InHome(string home) => Path.Combine(home, ".local", "share", "bee", "store");

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

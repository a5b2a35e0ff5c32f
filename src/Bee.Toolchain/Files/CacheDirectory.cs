namespace Bee.Toolchain;

/// <summary>Where Bee keeps what it can make again.</summary>
internal static class CacheDirectory
{
    /// <summary>XDG_CACHE_HOME/bee, or ~/.cache/bee. A relative XDG_CACHE_HOME counts as none, as its specification says.</summary>
    internal static string Path
    {
        get
        {
            var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            if (string.IsNullOrEmpty(cache) || !System.IO.Path.IsPathRooted(cache))
            {
                var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
                cache = home.Length > 0 ? System.IO.Path.Combine(home, ".cache") : System.IO.Path.GetTempPath();
            }

            return System.IO.Path.Combine(cache, "bee");
        }
    }
}

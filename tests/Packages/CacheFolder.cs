namespace Bee.Packages;

/// <summary>The cache of the tests: <c>bee</c> under XDG_CACHE_HOME or ~/.cache.</summary>
internal static class CacheFolder
{
    /// <summary>The folder.</summary>
    public static string Path { get; } = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { } cache && System.IO.Path.IsPathRooted(cache)
        ? System.IO.Path.Combine(cache, "bee")
        : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "bee");
}

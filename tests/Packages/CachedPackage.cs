namespace Bee.Packages;

/// <summary>A folder of <see cref="CacheFolder"/> that holds what is wanted of a package.</summary>
internal static class CachedPackage
{
    /// <summary>The folder from the cache; fetched and put there when it is not in it yet.</summary>
    /// <param name="home">The folder of the cache that holds it, such as <c>kernels</c>.</param>
    /// <param name="name">Its own name.</param>
    /// <param name="make">Fills a new folder with what is wanted; the second is a place to work in that goes afterwards.</param>
    /// <returns>Its path. Whoever finds it finds it whole.</returns>
    /// <exception cref="PackageMissingException">It cannot be had; the message says why.</exception>
    public static string Obtain(string home, string name, Action<string, string> make)
    {
        home = Path.Combine(CacheFolder.Path, home);
        string folder = Path.Combine(home, name);
        if (Directory.Exists(folder))
        {
            return folder;
        }

        Directory.CreateDirectory(home);
        string work = Directory.CreateDirectory(Path.Combine(home, $".new-{Guid.NewGuid():n}")).FullName;
        try
        {
            string keep = Directory.CreateDirectory(Path.Combine(work, "keep")).FullName;
            make(keep, work);
            try
            {
                // By rename: a cache that others read is whole, or not there.
                Directory.Move(keep, folder);
            }
            catch (IOException) when (Directory.Exists(folder))
            {
                // Somebody else was faster.
            }

            return folder;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }
}

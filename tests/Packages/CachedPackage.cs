namespace Bee.Packages;

/// <summary>Keeps the needed files of a package in a folder of <see cref="CacheFolder"/>.</summary>
internal static class CachedPackage
{
    /// <summary>Returns the folder from the cache. Creates it if necessary.</summary>
    /// <param name="home">The parent folder in the cache, such as <c>kernels</c>.</param>
    /// <param name="name">The name of the folder.</param>
    /// <param name="make">Fills a new folder with the files. The second folder is temporary.</param>
    /// <returns>The path of the folder, which is always complete.</returns>
    /// <exception cref="PackageMissingException">The files are not available, for the reason in the message.</exception>
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
                // Renamed, so that other processes see a complete folder or none.
                Directory.Move(keep, folder);
            }
            catch (IOException) when (Directory.Exists(folder))
            {
                // Another process was faster.
            }

            return folder;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }
}

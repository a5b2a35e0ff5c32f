namespace Bee.Posix;

/// <summary>Makes folders for temporary files that no other user can look into, replace or fill.</summary>
internal static class PrivateFolder
{
    private static readonly string[] s_usual = ["/tmp", "/var/tmp"];

    /// <summary>Makes a new folder: in TMPDIR if no other user can rename what is in it, else in /tmp, /var/tmp or the user's cache.</summary>
    /// <param name="prefix">What its name begins with.</param>
    /// <returns>The folder's path. The caller deletes it.</returns>
    /// <exception cref="IOException">There is no folder to make it in.</exception>
    public static string Make(string prefix)
    {
        string wanted = Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.GetTempPath()));
        Exception? first = null;
        foreach (string place in (string[])[wanted, .. s_usual, .. UserFolders.Caches])
        {
            try
            {
                using var folder = Folder.Open(place, PathGuard.Own);
                if (folder is not null)
                {
                    string name = $"{prefix}{Guid.NewGuid():N}";
                    folder.MakeFolder(name, Folder.OwnerFolder).Dispose();
                    return Path.Combine(place, name);
                }

                first ??= new DirectoryNotFoundException($"There is no folder '{place}'.");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                first ??= e;
            }
        }

        throw new IOException($"There is no folder for temporary files: {first!.Message} Set TMPDIR to a folder of your own.", first);
    }
}

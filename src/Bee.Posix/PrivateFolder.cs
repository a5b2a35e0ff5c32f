namespace Bee.Posix;

/// <summary>Creates folders for temporary files that other users cannot read, replace or fill.</summary>
internal static class PrivateFolder
{
    private static readonly string[] s_usual = ["/tmp", "/var/tmp"];

    /// <summary>Creates a folder in TMPDIR if other users cannot rename files there, or else in /tmp, /var/tmp or the user's cache.</summary>
    /// <param name="prefix">The beginning of the folder's name.</param>
    /// <returns>The path of the folder. The caller deletes it.</returns>
    /// <exception cref="IOException">No suitable parent folder exists.</exception>
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

                first ??= new DirectoryNotFoundException($"The folder '{place}' does not exist.");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                first ??= e;
            }
        }

        throw new IOException($"No folder for temporary files can be used: {first!.Message} Set TMPDIR to a folder that belongs to you.", first);
    }
}

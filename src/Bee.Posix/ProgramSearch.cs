namespace Bee.Posix;

/// <summary>Finds programs on PATH.</summary>
/// <remarks>
/// Relative and empty entries are skipped, because they would run programs from the current folder. For root, programs that another user could replace are
/// skipped too, unless that user called sudo.
/// </remarks>
internal static class ProgramSearch
{
    /// <summary>The folders on PATH, in order.</summary>
    public static IEnumerable<string> Folders => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(Path.IsPathRooted);

    /// <summary>Returns the full path of the first program of a name on PATH, or null.</summary>
    public static string? Find(string name) => Folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(path => IsProgram(path) && IsTrusted(path));

    /// <summary>Returns the first program of a name on PATH that was skipped because another user could replace it, or null.</summary>
    public static string? FindUntrusted(string name) => Folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(path => IsProgram(path) && !IsTrusted(path));

    /// <summary>Reports whether a path is an executable file.</summary>
    public static bool IsProgram(string path) => FileStatus.Of(path) is { IsRegular: true } status && (status.Mode & 0b001_001_001) != 0;

    /// <summary>Reports whether this process may run a program that the user did not name: always, unless it is root and another user could replace the program.</summary>
    public static bool IsTrusted(string path) => UserAccount.EffectiveUser != 0 || PathGuard.OwnOrInvoking.Accepts(path);
}

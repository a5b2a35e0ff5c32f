namespace Bee.Posix;

/// <summary>Looks for programs on PATH.</summary>
/// <remarks>
/// Relative and empty entries do not count: they would run what lies in the current folder. For root, programs that another user could replace do not count
/// either; the user who called sudo is believed.
/// </remarks>
internal static class ProgramSearch
{
    /// <summary>The folders on PATH, in order.</summary>
    public static IEnumerable<string> Folders => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(Path.IsPathRooted);

    /// <summary>Returns the full path of the first program of a name on PATH; null if PATH has no such program.</summary>
    public static string? Find(string name) => Folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(path => IsProgram(path) && IsTrusted(path));

    /// <summary>Returns the first program of a name on PATH that was passed over because another user could replace it; null if no program was.</summary>
    public static string? FindUntrusted(string name) => Folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(path => IsProgram(path) && !IsTrusted(path));

    /// <summary>Whether a path is a file that can be run.</summary>
    public static bool IsProgram(string path) => FileStatus.Of(path) is { IsRegular: true } status && (status.Mode & 0b001_001_001) != 0;

    /// <summary>Whether this process may run a program that it was not given by name: always, unless it is root and another user could replace the program.</summary>
    public static bool IsTrusted(string path) => UserAccount.EffectiveUser != 0 || PathGuard.OwnOrInvoking.Accepts(path);
}

namespace Bee.Ebpf;

/// <summary>Where a program or library named without a path is found, in the order that libbpf looks.</summary>
internal static class BinaryPaths
{
    private static readonly string[] s_libraries = ["/usr/lib64", "/usr/lib", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];

    /// <summary>The file, or null.</summary>
    public static string? Find(string name) => Places(name).Select(d => Path.Combine(d, name)).FirstOrDefault(System.IO.File.Exists);

    /// <summary>The path that a target's text means: itself, or where a name without a slash is found; the name when it is not.</summary>
    public static string Resolve(string path) => path.Contains('/') ? path : Find(path) ?? path;

    /// <summary>Files of nearly that name, in the same folder or where names without a path are looked for.</summary>
    public static IReadOnlyList<string> Near(string path, int most)
    {
        var name = Path.GetFileName(path);
        var folder = Path.GetDirectoryName(path);
        var folders = string.IsNullOrEmpty(folder) ? Places(name) : [folder];
        return Suggest.Nearest(name, folders.Where(Directory.Exists).SelectMany(Files), most);
    }

    private static IEnumerable<string> Places(string name) => name.Contains(".so", StringComparison.Ordinal)
        ? s_libraries
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Concat(["/usr/bin", "/usr/sbin"]);

    private static IEnumerable<string> Files(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder).Select(f => Path.GetFileName(f))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

using Bee.Ebpf.Elf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Links;

/// <summary>Finds programs and libraries that are named without a path: libraries through the loader's cache, then both in the folders that libbpf searches.</summary>
internal static class BinaryPaths
{
    private static readonly string[] s_libraries = ["/usr/lib64", "/usr/lib", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/lib64", "/lib", "/usr/local/lib"];

    /// <summary>Returns the file of a name without a slash; null if it does not exist. A library name may omit the version: <c>libc</c> means libc.so.6.</summary>
    public static string? Find(string name) =>
        (IsLibrary(name) ? LoaderCache.Find(name) : null) ?? Candidates(name).FirstOrDefault(System.IO.File.Exists) ?? (name.StartsWith("lib", StringComparison.Ordinal) ? Library(name) : null);

    /// <summary>Reports whether a name or path belongs to a library.</summary>
    public static bool IsLibrary(string name) => Path.GetFileName(name) is var file && (file.EndsWith(".so", StringComparison.Ordinal) || file.Contains(".so.", StringComparison.Ordinal)) || (!name.Contains('/') && name.StartsWith("lib", StringComparison.Ordinal));

    /// <summary>Returns the paths that a name without a slash may have.</summary>
    public static IEnumerable<string> Candidates(string name) => Places(name).Select(d => Path.Combine(d, name));

    // Takes the first ELF file by name: a plain .so may be a linker script.
    private static string? Library(string name) => s_libraries.Where(Directory.Exists).SelectMany(folder => Files(folder).Where(file => file.StartsWith(name + ".so", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        .Select(file => Path.Combine(folder, file))).FirstOrDefault(IsElf);

    private static bool IsElf(string path)
    {
        using var file = FileFacts.TryOpen(path, out _);
        return file is not null && ElfImage.Open(file) is not null;
    }

    /// <summary>Returns files with similar names, in the same folder or in the searched folders.</summary>
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

using Bee.Ebpf.Elf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Links;

/// <summary>Where a program or library named without a path is found: a library where the loader finds it, and then both in the order that libbpf looks.</summary>
internal static class BinaryPaths
{
    private static readonly string[] s_libraries = ["/usr/lib64", "/usr/lib", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/lib64", "/lib", "/usr/local/lib"];

    /// <summary>The file of a name without a slash, or null. A library may be named without its version: <c>libc</c> for libc.so.6.</summary>
    public static string? Find(string name) =>
        (IsLibrary(name) ? LoaderCache.Find(name) : null) ?? Candidates(name).FirstOrDefault(System.IO.File.Exists) ?? (name.StartsWith("lib", StringComparison.Ordinal) ? Library(name) : null);

    /// <summary>Whether a name or path is that of a library.</summary>
    public static bool IsLibrary(string name) => Path.GetFileName(name) is var file && (file.EndsWith(".so", StringComparison.Ordinal) || file.Contains(".so.", StringComparison.Ordinal)) || (!name.Contains('/') && name.StartsWith("lib", StringComparison.Ordinal));

    /// <summary>Where a name without a slash may be.</summary>
    public static IEnumerable<string> Candidates(string name) => Places(name).Select(d => Path.Combine(d, name));

    // The shortest name is the library itself; what is called only .so may be a script for the linker.
    private static string? Library(string name) => s_libraries.Where(Directory.Exists).SelectMany(folder => Files(folder).Where(file => file.StartsWith(name + ".so", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        .Select(file => Path.Combine(folder, file))).FirstOrDefault(IsElf);

    private static bool IsElf(string path)
    {
        using var file = FileFacts.TryOpen(path, out _);
        return file is not null && ElfImage.Open(file) is not null;
    }

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

using Bee.Toolchain.Diagnostics;
using Bee.Toolchain.Tools;

namespace Bee.Toolchain.Compiling;

/// <summary>The flags of one compilation: those that determine the object, and those with folders of this machine.</summary>
internal sealed class CompilerFlags
{
    /// <summary>Flags that do not depend on the machine's folders.</summary>
    internal IReadOnlyList<string> Stable { get; }

    /// <summary>Include folders.</summary>
    internal IReadOnlyList<string> Includes { get; }

    /// <summary>The include folders, and the mappings of folders to their names in the object.</summary>
    internal IReadOnlyList<string> Places { get; }

    /// <summary><see cref="Stable"/>, and the request's include folders under their names in the object.</summary>
    internal IReadOnlyList<string> Reported { get; }

    /// <summary>The folders of the author's headers: the source's folder and those of the request.</summary>
    internal IReadOnlyList<string> AuthorFolders { get; }

    internal CompilerFlags(CompileRequest request, string sourceFolder, string vmlinuxFolder)
    {
        var architecture = TargetArchitecture.Name(request.Architecture);
        Stable =
        [
            "-target", TargetArchitecture.IsBigEndian(request.Architecture) && !request.LittleEndian ? "bpfeb" : "bpfel", $"-D__TARGET_ARCH_{architecture}",
            // DWARF is removed at the end, but BTF is made from it. Sources are embedded, because clang otherwise reads them by their mapped
            // names, which do not exist, and the verifier's log would show instructions without C lines.
            "-g", "-gdwarf-5", "-gembed-source",
            "-O2", "-std=gnu17", "-Wall", "-Wdate-time",
            // Errors since clang 16, warnings before. They stay warnings, so that older sources still compile.
            UndeclaredFunctions.Flag, "-Wno-error=int-conversion", "-Wno-error=implicit-int", "-Wno-error=incompatible-function-pointer-types",
            .. request.Defines.Select(define => "-D" + define),
            .. request.CFlags,
        ];

        var folders = new List<(string Folder, string Name)> { (sourceFolder, ".") };
        var includes = new List<string>();
        foreach (var folder in request.IncludeDirectories.Select(Path.GetFullPath))
        {
            includes.AddRange(["-I", folder]);
            folders.Add((folder, $"/bee/include{folders.Count}"));
        }

        Reported = [.. Stable, .. folders.Skip(1).Select(item => "-I" + item.Name)];
        AuthorFolders = [.. folders.Select(item => item.Folder)];
        if (BeeHeaders.Directory is { } bee)
        {
            includes.AddRange(["-I", bee]);
            folders.Add((bee, "/bee/include"));
        }

        includes.AddRange(["-I", vmlinuxFolder]);
        folders.Add((vmlinuxFolder, "/bee/vmlinux"));
        if (TargetArchitecture.SystemHeaders(architecture) is { } system)
        {
            includes.AddRange(["-idirafter", system]);
        }

        if (BeeHeaders.Directory is { } own)
        {
            // The system's C library needs them for a 32-bit target. They come last, so that the system's own headers win.
            includes.AddRange(["-idirafter", Path.Combine(own, "libc")]);
        }

        Includes = includes;
        // Before clang 17, the longest prefix wins; since 17, the last one. Ascending length satisfies both.
        Places =
        [
            .. includes,
            .. folders.DistinctBy(item => item.Folder).OrderBy(item => item.Folder.Length).Select(item => $"-ffile-prefix-map={item.Folder}={item.Name}"),
        ];
    }
}

/// <summary>Locates Bee's own headers for C programs.</summary>
internal static class BeeHeaders
{
    /// <summary>The folder with bee.h and solo_types.h: <c>include</c> next to this assembly, or module/Bee/include of the
    /// source tree of the build. Null if neither exists.</summary>
    public static string? Directory { get; } = Find(Path.GetDirectoryName(typeof(BeeHeaders).Assembly.Location));

    private static string? Find(string? start)
    {
        for (var folder = start; !string.IsNullOrEmpty(folder); folder = Path.GetDirectoryName(folder))
        {
            foreach (var candidate in (string[])[Path.Combine(folder, "include"), Path.Combine(folder, "module", "Bee", "include")])
            {
                if (File.Exists(Path.Combine(candidate, "bee.h")))
                {
                    return candidate;
                }
            }
        }

        return null;
    }
}

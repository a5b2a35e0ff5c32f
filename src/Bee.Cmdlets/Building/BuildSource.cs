using Bee.Toolchain;

namespace Bee.Cmdlets;

/// <summary>A C file to build and what the bee.yaml beside it says.</summary>
/// <param name="File">The C file's full path.</param>
/// <param name="Manifest">What the bee.yaml says; empty without one.</param>
internal sealed record BuildSource(string File, ProgramManifest Manifest)
{
    /// <summary>Finds the C file that a path means: itself, or the only one of a folder.</summary>
    /// <param name="path">A full path.</param>
    /// <exception cref="BeeInputException">There is no such file, or a folder has none or several.</exception>
    /// <exception cref="ManifestException">The bee.yaml is not what it should be.</exception>
    public static BuildSource Find(string path)
    {
        string file = Directory.Exists(path) ? OnlySource(path) : path;
        if (!System.IO.File.Exists(file))
        {
            throw new BeeInputException("FileNotFound", $"There is no file '{file}'.", missing: true);
        }

        string manifest = Path.Combine(Path.GetDirectoryName(file)!, ProgramManifest.FileName);
        return new BuildSource(file, System.IO.File.Exists(manifest) ? Isolated.Create<IManifestReader>().Read(manifest) : new ProgramManifest());
    }

    private static string OnlySource(string folder)
    {
        string[] sources = Directory.GetFiles(folder, "*.bpf.c");
        sources = sources.Length > 0 ? sources : Directory.GetFiles(folder, "*.c");
        return sources.Length switch
        {
            1 => sources[0],
            0 => throw new BeeInputException("FileNotFound", $"There is no C file in '{folder}'.", missing: true),
            _ => throw new BeeInputException(
                "SeveralSources", $"There are several C files in '{folder}': {string.Join(", ", sources.Select(Path.GetFileName).Order(StringComparer.Ordinal))}.", "Name one of them."),
        };
    }
}

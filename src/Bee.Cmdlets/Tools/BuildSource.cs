using Bee.Cmdlets.Errors;
using Bee.Toolchain.Compiling;
using Bee.Toolchain.Isolation;
using Bee.Toolchain.Manifest;

namespace Bee.Cmdlets.Tools;

/// <summary>The C files of one program and what the bee.yaml beside them says.</summary>
/// <param name="File">The C file's full path; of several the first.</param>
/// <param name="LinkedFiles">Full paths of the further ones.</param>
/// <param name="Manifest">What the bee.yaml says; empty without one.</param>
internal sealed record BuildSource(string File, IReadOnlyList<string> LinkedFiles, ProgramManifest Manifest)
{
    /// <summary>Finds the C files that a path means: itself with those that the bee.yaml names with it, or a folder's.</summary>
    /// <param name="path">A full path.</param>
    /// <exception cref="BeeInputException">There is no such file, or a folder has none or several and no bee.yaml that names them.</exception>
    /// <exception cref="ManifestException">The bee.yaml is not what it should be.</exception>
    public static BuildSource Find(string path)
    {
        bool isFolder = Directory.Exists(path);
        if (!isFolder && !System.IO.File.Exists(path))
        {
            throw new BeeInputException("FileNotFound", $"There is no file '{path}'.");
        }

        string folder = isFolder ? path : Path.GetDirectoryName(path)!;
        string beside = Path.Combine(folder, ProgramManifest.FileName);
        ProgramManifest manifest = System.IO.File.Exists(beside) ? Isolated.Create<IManifestReader>().Read(beside) : new ProgramManifest();
        if (manifest.Sources.Count == 0)
        {
            return new BuildSource(isFolder ? OnlySource(path) : path, [], manifest);
        }

        string[] files = [.. manifest.Sources.Select((source, i) => Existing(manifest, folder, source, i))];
        // A bee.yaml that names its sources says nothing about another file beside them.
        return isFolder || files.Contains(Path.GetFullPath(path)) ? new BuildSource(files[0], files[1..], manifest) : new BuildSource(path, [], new ProgramManifest());
    }

    /// <summary>The compilation of these files.</summary>
    public CompileRequest Request() => new() { Source = File, LinkedSources = LinkedFiles, Defines = Manifest.Defines };

    private static string Existing(ProgramManifest manifest, string folder, string source, int i)
    {
        string file = Path.GetFullPath(Path.Combine(folder, source));
        return System.IO.File.Exists(file) ? file : throw manifest.Wrong($"sources/{i}", $"there is no file '{file}'.");
    }

    private static string OnlySource(string folder)
    {
        string[] sources = Directory.GetFiles(folder, "*.bpf.c");
        sources = sources.Length > 0 ? sources : Directory.GetFiles(folder, "*.c");
        return sources.Length switch
        {
            1 => sources[0],
            0 => throw new BeeInputException("FileNotFound", $"There is no C file in '{folder}'."),
            _ => throw new BeeInputException(
                "SeveralSources",
                $"There are several C files in '{folder}': {string.Join(", ", sources.Select(Path.GetFileName).Order(StringComparer.Ordinal))}.",
                "Name one of them; or, if they are parts of one program, list them as sources in a bee.yaml beside them."),
        };
    }
}

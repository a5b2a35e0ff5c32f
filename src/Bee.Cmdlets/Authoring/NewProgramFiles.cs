using Bee.Toolchain;

namespace Bee.Cmdlets;

/// <summary>Where a new program's files go.</summary>
/// <param name="Name">The program's name.</param>
/// <param name="Source">The C file.</param>
/// <param name="Manifest">The bee.yaml; null where only a C file was asked for.</param>
internal sealed record NewProgramFiles(string Name, string Source, string? Manifest)
{
    private const string Ending = ".bpf.c";

    /// <summary>Reads a path: a name that ends in .c is a file, any other a folder for a program of its name.</summary>
    /// <param name="path">A full path.</param>
    /// <exception cref="BeeInputException">The name has another ending, or no program can be named after it.</exception>
    public static NewProgramFiles At(string path)
    {
        if (path.EndsWith(".c", StringComparison.Ordinal) && !Directory.Exists(path))
        {
            string stem = Path.GetFileName(path);
            stem = stem[..^(stem.EndsWith(Ending, StringComparison.Ordinal) ? Ending.Length : 2)];
            return new NewProgramFiles(Named(stem, path), path, null);
        }

        string folder = Path.TrimEndingDirectorySeparator(path);
        string name = Path.GetFileName(folder);
        if (name.Contains('.') && !Directory.Exists(path) && !Path.EndsInDirectorySeparator(path))
        {
            throw new BeeInputException("NotASource", $"'{path}' is no name for a C file, and there is no such folder.", $"Give a name that ends in {Ending}, or a folder.");
        }

        return new NewProgramFiles(Named(name, path), Path.Combine(folder, name + Ending), Path.Combine(folder, ProgramManifest.FileName));
    }

    /// <summary>Nobody's work is overwritten by a slip.</summary>
    /// <exception cref="BeeInputException">One of the files is there.</exception>
    public static void RefuseExisting(IEnumerable<string> files, bool force)
    {
        string? there = force ? null : files.FirstOrDefault(File.Exists);
        if (there is not null)
        {
            throw new BeeInputException("FileExists", $"There is a file {there} already.", "Give another name, or -Force to overwrite it.");
        }
    }

    /// <summary>A bee.yaml to start from. It names its source, so that it says nothing about other C files of the folder.</summary>
    public static string ManifestText(string source, string kind, SkeletonOutput output) => $"""
        # What the image says of the program. Keys that Bee knows: docs/bee.schema.json.
        name: {ImageNames.ShortName(ImageNames.FromFile(source).ToString())}
        description: "{output} of a {kind} program"
        sources: ['{Path.GetFileName(source).Replace("'", "''", StringComparison.Ordinal)}']

        """;

    private static string Named(string name, string path) => name.Length > 0 ? name : throw new BeeInputException(
        "NoName", $"No program can be named after '{path}'.", $"Give a name such as opens{Ending}.");
}

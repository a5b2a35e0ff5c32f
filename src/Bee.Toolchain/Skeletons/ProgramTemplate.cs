using System.Text.RegularExpressions;
using Bee.Ebpf.Objects;
using Bee.Posix;
using Bee.Toolchain.Compiling;
using Bee.Toolchain.Manifest;

namespace Bee.Toolchain.Skeletons;

/// <summary>One of Bee's examples, as a start for a program of one's own.</summary>
/// <param name="Name">The example's name.</param>
/// <param name="Files">Its files' contents, by their names: C, headers, bee.yaml.</param>
internal sealed partial record ProgramTemplate(string Name, IReadOnlyDictionary<string, string> Files)
{
    /// <summary>The examples' names, in order; none where they are not installed.</summary>
    public static IReadOnlyList<string> Names
        => Folder is { } folder ? [.. Directory.GetDirectories(folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)] : [];

    // Beside the headers in the module; in the source tree, which the tests run in, the examples themselves.
    private static string? Folder => BeeHeaders.Directory is not { } headers ? null
        : Array.Find([Path.Combine(headers, "..", "templates"), Path.Combine(headers, "..", "..", "..", "examples")], Directory.Exists);

    /// <summary>Finds an example.</summary>
    /// <param name="name">Its name, in any case.</param>
    /// <returns>The example.</returns>
    /// <exception cref="SkeletonException">There is none of that name.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ProgramTemplate Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        IReadOnlyList<string> names = Names;
        string? found = names.FirstOrDefault(item => string.Equals(item, name, StringComparison.OrdinalIgnoreCase));
        if (found is null)
        {
            IReadOnlyList<string> near = Suggest.Nearest(name, names, 3);
            throw new SkeletonException(
                SkeletonFault.UnknownTemplate, $"There is no example '{name}'.", near.Count > 0 ? $"Did you mean {string.Join(" or ", near)}?" : $"There are: {string.Join(", ", names)}.");
        }

        return new ProgramTemplate(found, Directory.GetFiles(Path.Combine(Folder!, found)).Order(StringComparer.Ordinal)
            .Where(file => Path.GetFileName(file) == ProgramManifest.FileName || Path.GetExtension(file) is ".c" or ".h")
            .ToDictionary(file => Path.GetFileName(file), file => RegularFile.ReadAllText(file)));
    }

    /// <summary>The files as those of a program of another name: the C file that is called as the example is called as the program, and the bee.yaml names it.</summary>
    /// <param name="name">The new program's name.</param>
    /// <returns>Contents by file names.</returns>
    public IReadOnlyDictionary<string, string> Rename(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string source = $"{Name}.bpf.c";
        return Files.ToDictionary(
            file => file.Key == source ? $"{name}.bpf.c" : file.Key,
            file => file.Key == ProgramManifest.FileName ? NameLine().Replace(SchemaLine().Replace(file.Value, ManifestSchema.Reference.Replace("$", "$$") + "\n"), $"name: {name.ToLowerInvariant()}", 1).Replace(source, $"{name}.bpf.c") : file.Value);
    }

    // The path of an example leads to docs/; a program of its own has the schema beside it.
    [GeneratedRegex(@"\A# yaml-language-server:.*\n")]
    private static partial Regex SchemaLine();

    [GeneratedRegex(@"^name:.*$", RegexOptions.Multiline)]
    private static partial Regex NameLine();
}

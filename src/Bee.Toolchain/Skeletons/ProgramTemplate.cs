using System.Text.RegularExpressions;
using Bee.Ebpf.Objects;
using Bee.Posix;
using Bee.Toolchain.Compiling;
using Bee.Toolchain.Manifest;

namespace Bee.Toolchain.Skeletons;

/// <summary>One of Bee's examples, as a starting point for a new tool.</summary>
/// <param name="Name">The name of the example.</param>
/// <param name="Files">The contents of its files by name: C files, headers, bee.yaml.</param>
internal sealed partial record ProgramTemplate(string Name, IReadOnlyDictionary<string, string> Files)
{
    /// <summary>The names of the examples, in order; empty if they are not installed.</summary>
    public static IReadOnlyList<string> Names
        => Folder is { } folder ? [.. Directory.GetDirectories(folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)] : [];

    // In the module, next to the headers; in the source tree, which tests use, the examples folder.
    private static string? Folder => BeeHeaders.Directory is not { } headers ? null
        : Array.Find([Path.Combine(headers, "..", "templates"), Path.Combine(headers, "..", "..", "..", "examples")], Directory.Exists);

    /// <summary>Finds an example.</summary>
    /// <param name="name">The name of the example, in any case.</param>
    /// <returns>The example.</returns>
    /// <exception cref="SkeletonException">The example does not exist.</exception>
    /// <exception cref="IOException">The example cannot be read.</exception>
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

    /// <summary>Returns the files for a tool with another name: the C file with the example's name is renamed, and the bee.yaml refers to it.</summary>
    /// <param name="name">The name of the new tool.</param>
    /// <returns>The contents by file name.</returns>
    public IReadOnlyDictionary<string, string> Rename(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string source = $"{Name}.bpf.c";
        return Files.ToDictionary(
            file => file.Key == source ? $"{name}.bpf.c" : file.Key,
            file => file.Key == ProgramManifest.FileName ? NameLine().Replace(SchemaLine().Replace(file.Value, ManifestSchema.Reference.Replace("$", "$$") + "\n"), $"name: {name.ToLowerInvariant()}", 1).Replace(source, $"{name}.bpf.c") : file.Value);
    }

    // An example's bee.yaml refers to docs/; a new tool has the schema next to it.
    [GeneratedRegex(@"\A# yaml-language-server:.*\n")]
    private static partial Regex SchemaLine();

    [GeneratedRegex(@"^name:.*$", RegexOptions.Multiline)]
    private static partial Regex NameLine();
}

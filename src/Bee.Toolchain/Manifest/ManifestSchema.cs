using Bee.Posix;

namespace Bee.Toolchain.Manifest;

/// <summary>The JSON schema of bee.yaml, with which editors complete and validate it.</summary>
internal static class ManifestSchema
{
    /// <summary>The name of the file.</summary>
    public const string FileName = "bee.schema.json";

    /// <summary>The first line of a bee.yaml with the schema next to it.</summary>
    public const string Reference = $"# yaml-language-server: $schema={FileName}";

    /// <summary>The schema: from the file next to this assembly, or in docs of the source tree of the build. Null if neither exists.</summary>
    public static string? Text => Find(Path.GetDirectoryName(typeof(ManifestSchema).Assembly.Location)) is { } path ? RegularFile.ReadAllText(path) : null;

    private static string? Find(string? start)
    {
        for (var folder = start; !string.IsNullOrEmpty(folder); folder = Path.GetDirectoryName(folder))
        {
            foreach (var candidate in (string[])[Path.Combine(folder, FileName), Path.Combine(folder, "docs", FileName)])
            {
                if (File.Exists(candidate))
                {
                    return candidate;
                }
            }
        }

        return null;
    }
}

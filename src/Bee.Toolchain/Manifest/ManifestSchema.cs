using Bee.Posix;

namespace Bee.Toolchain.Manifest;

/// <summary>The JSON schema of a bee.yaml, by which editors complete and check it.</summary>
internal static class ManifestSchema
{
    /// <summary>The file's name.</summary>
    public const string FileName = "bee.schema.json";

    /// <summary>The first line of a bee.yaml that has the schema beside it.</summary>
    public const string Reference = $"# yaml-language-server: $schema={FileName}";

    /// <summary>The schema: the file beside this assembly, or in docs of the source tree that it was built in. Null when neither is there.</summary>
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

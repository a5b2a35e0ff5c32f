namespace Bee.Registries;

/// <summary>Other people's programs.</summary>
public static class Tool
{
    /// <summary>Debian's registry, for <see cref="DebianRegistry"/>.</summary>
    public const string Registry = "docker-registry";

    /// <summary>skopeo.</summary>
    public const string Skopeo = "skopeo";

    /// <summary>The program's file in one of the folders of PATH; null where there is none.</summary>
    public static string? OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>Why one of these cannot be had here; null when all can.</summary>
    public static string? Obstacle(params string[] tools) => tools.Select(Obstacle).FirstOrDefault(reason => reason is not null);

    private static string? Obstacle(string tool) => OnPath(tool) is null ? $"needs the program {tool}, which is not installed (package {tool})" : null;
}

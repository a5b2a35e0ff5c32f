using System.Security.Cryptography;

namespace Bee.Packages;

/// <summary>Installs the npm packages of a package.json in a folder of the cache, without running their scripts.</summary>
internal static class NpmPackages
{
    /// <summary>Returns the folder with node_modules. Downloads the packages if necessary.</summary>
    /// <param name="name">The beginning of the folder's name.</param>
    /// <param name="sources">The folder with package.json and, optionally, package-lock.json.</param>
    /// <param name="reason">Why there are no packages; null if there are.</param>
    /// <returns>The folder; null if the packages are not available.</returns>
    public static string? Find(string name, string sources, out string? reason)
    {
        reason = null;
        if (!OnPath("node") || !OnPath("npm"))
        {
            reason = "node and npm are not installed (packages nodejs and npm)";
            return null;
        }

        string[] files = [.. new[] { "package.json", "package-lock.json" }.Select(file => Path.Combine(sources, file)).Where(File.Exists)];
        try
        {
            string version = Convert.ToHexStringLower(SHA256.HashData([.. files.SelectMany(File.ReadAllBytes)]))[..12];
            return CachedPackage.Obtain("schemas", $"{name}-{version}", (keep, work) =>
            {
                foreach (string file in files)
                {
                    File.Copy(file, Path.Combine(keep, Path.GetFileName(file)));
                }

                ChildResult result = Child.Run(
                    "npm", [files.Length > 1 ? "ci" : "install", "--no-audit", "--no-fund", "--ignore-scripts", "--cache", Path.Combine(work, "npm")], TimeSpan.FromMinutes(3), keep);
                if (result.ExitCode != 0)
                {
                    throw new PackageMissingException(result.LastWords);
                }
            });
        }
        catch (Exception exception) when (exception is PackageMissingException or IOException or UnauthorizedAccessException)
        {
            reason = $"packages of npm cannot be had: {exception.Message}";
            return null;
        }
    }

    private static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Any(folder => File.Exists(Path.Combine(folder, program)));
}

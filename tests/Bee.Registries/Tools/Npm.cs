using Bee.Packages;

namespace Bee.Registries;

/// <summary>Other people's code from npm, run by node.</summary>
public sealed class Npm
{
    private readonly Lazy<(string? Folder, string? Reason)> _found;

    /// <summary>Packages that are fetched once into the cache folder.</summary>
    /// <param name="name">What their folder's name begins with.</param>
    /// <param name="sources">The folder with package.json and package-lock.json.</param>
    public Npm(string name, string sources) => _found = new(() => (NpmPackages.Find(name, sources, out string? reason), reason));

    /// <summary>Why the packages cannot be had; null if they can.</summary>
    public string? Obstacle => _found.Value.Reason;

    /// <summary>The folder node_modules.</summary>
    public string Modules => Path.Combine(_found.Value.Folder!, "node_modules");

    /// <summary>Runs a script to its end, at most two minutes.</summary>
    public static ToolRun Run(params string[] arguments)
    {
        ChildResult result = Child.Run("node", arguments, TimeSpan.FromMinutes(2));
        return new ToolRun(result.ExitCode, result.Output, result.Messages);
    }
}

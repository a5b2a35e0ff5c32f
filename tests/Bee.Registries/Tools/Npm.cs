using Bee.Packages;

namespace Bee.Registries;

/// <summary>Third-party packages from npm, run by node.</summary>
public sealed class Npm
{
    private readonly Lazy<(string? Folder, string? Reason)> _found;

    /// <summary>Selects packages, which are fetched once into the cache folder.</summary>
    /// <param name="name">The prefix of their folder's name.</param>
    /// <param name="sources">The folder with package.json and package-lock.json.</param>
    public Npm(string name, string sources) => _found = new(() => (NpmPackages.Find(name, sources, out string? reason), reason));

    /// <summary>Why the packages are not available; null if they are.</summary>
    public string? Obstacle => _found.Value.Reason;

    /// <summary>The folder node_modules.</summary>
    public string Modules => Path.Combine(_found.Value.Folder!, "node_modules");

    /// <summary>Runs a script and waits for its exit, at most two minutes.</summary>
    public static ToolRun Run(params string[] arguments)
    {
        ChildResult result = Child.Run("node", arguments, TimeSpan.FromMinutes(2));
        return new ToolRun(result.ExitCode, result.Output, result.Messages);
    }
}

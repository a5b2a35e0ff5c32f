using Bee.Packages;

namespace Bee.Container;

/// <summary>Kubernetes' schemas, as packages of npm have them: fetched once into the cache folder, and run by node.</summary>
internal static class KubernetesSchemas
{
    private static readonly Lazy<(string? Folder, string? Reason)> s_fetched = new(Fetch);

    /// <summary>Why manifests cannot be validated here; null when they can.</summary>
    public static string? Obstacle => s_fetched.Value.Reason;

    /// <summary>Validates a manifest; the kinds of its documents are returned.</summary>
    /// <exception cref="InvalidOperationException">A document does not fit its schema, or has a key that the schema does not know.</exception>
    public static string[] Validate(string manifest)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, manifest);
            ChildResult result = Child.Run("node", [Path.Combine(Sources, "validate.mjs"), s_fetched.Value.Folder!, file], TimeSpan.FromMinutes(1));
            return result.ExitCode == 0
                ? result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                : throw new InvalidOperationException(result.Messages.Split('\n').FirstOrDefault(line => line.Contains("Error:", StringComparison.Ordinal)) ?? result.Messages);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>A document of YAML as JSON.</summary>
    public static string ReadYaml(string file)
    {
        const string Read = "const { createRequire } = require('module'); console.log(JSON.stringify(createRequire(process.argv[1] + '/node_modules/')('yaml').parse(require('fs').readFileSync(process.argv[2], 'utf8'))))";
        ChildResult result = Child.Run("node", ["-e", Read, s_fetched.Value.Folder!, file], TimeSpan.FromMinutes(1));
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException(result.Messages);
    }

    private static string Sources => Project.File("tests", "Bee.Container.Tests", "kubernetes");

    private static (string?, string?) Fetch()
    {
        string? folder = NpmPackages.Find("kubernetes", Sources, out string? reason);
        return (folder, reason);
    }
}

/// <summary>A test that validates manifests of Kubernetes.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KubernetesFactAttribute : FactAttribute
{
    /// <summary>Skips, with the reason, where the schemas cannot be had.</summary>
    public KubernetesFactAttribute() => Skip = Requirements.Podman ?? KubernetesSchemas.Obstacle;
}

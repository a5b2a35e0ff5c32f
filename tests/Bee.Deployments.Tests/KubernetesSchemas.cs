using Bee.Packages;

namespace Bee.Deployments;

/// <summary>Validates manifests with Kubernetes' schemas from npm packages, which are fetched once into the cache folder and run by node.</summary>
internal static class KubernetesSchemas
{
    private static readonly Lazy<(string? Folder, string? Reason)> s_fetched = new(Fetch);

    /// <summary>Why manifests cannot be validated here; null if they can.</summary>
    public static string? Obstacle => s_fetched.Value.Reason;

    /// <summary>Validates a manifest and returns the kinds of its documents.</summary>
    /// <exception cref="InvalidOperationException">A document does not match its schema, or has an unknown key.</exception>
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

    /// <summary>Converts a YAML document to JSON.</summary>
    public static string ReadYaml(string file)
    {
        const string Read = "const { createRequire } = require('module'); console.log(JSON.stringify(createRequire(process.argv[1] + '/node_modules/')('yaml').parse(require('fs').readFileSync(process.argv[2], 'utf8'))))";
        ChildResult result = Child.Run("node", ["-e", Read, s_fetched.Value.Folder!, file], TimeSpan.FromMinutes(1));
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException(result.Messages);
    }

    private static string Sources => Project.File("tests", "Bee.Deployments.Tests", "kubernetes");

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
    /// <summary>Skips the test, with the reason, if the schemas are not available.</summary>
    public KubernetesFactAttribute() => Skip = Requirements.Podman ?? KubernetesSchemas.Obstacle;
}

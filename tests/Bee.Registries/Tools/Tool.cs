using System.Collections.Concurrent;
using Bee.Packages;

namespace Bee.Registries;

/// <summary>
/// Other people's programs, by names of their own: what is installed, or what is unpacked from a package of Debian into the cache folder, where the
/// installed one would be older than what is tested.
/// </summary>
public static class Tool
{
    /// <summary>Debian's registry, for <see cref="DebianRegistry"/>: as it is installed, or unpacked.</summary>
    public const string Registry = "docker-registry";

    /// <summary>skopeo, as it is installed.</summary>
    public const string Skopeo = "skopeo";

    /// <summary>oras 1.3 or later.</summary>
    public const string Oras = "oras";

    /// <summary>cosign 2: signatures at the tag <c>sha256-….sig</c>.</summary>
    public const string Cosign = "cosign";

    /// <summary>cosign 3: signatures as Sigstore bundles that refer to the image.</summary>
    public const string Cosign3 = "cosign3";

    private static readonly Dictionary<string, (string Suite, string Package)> Fetched = new()
    {
        [Oras] = ("sid", "oras"),
        [Cosign] = ("trixie", "cosign"),
        [Cosign3] = ("sid", "cosign"),
    };

    // Where it is not installed. The oldest build that there is runs everywhere.
    private static readonly (string Suite, string Package) UninstalledRegistry = ("bookworm", Registry);

    private static readonly ConcurrentDictionary<string, Lazy<(string? Path, string? Reason)>> Known = new();

    // Why Debian's archive gives nothing. Whoever is offline waits once for that, and not for each program.
    private static string? s_archive;

    /// <summary>The program's file; null where it cannot be had. Fetches it when it is not in the cache.</summary>
    /// <param name="tool">One of the names above.</param>
    public static string? Find(string tool) => Look(tool).Path;

    /// <summary>Why one of these cannot be had here; null when all can.</summary>
    public static string? Obstacle(params string[] tools) => tools.Select(tool => Look(tool).Reason).FirstOrDefault(reason => reason is not null);

    /// <summary>Runs one to its end, at most two minutes.</summary>
    /// <param name="tool">One of the names above.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="folder">Where it runs; null for the current folder.</param>
    /// <param name="environment">Variables in addition to this process's.</param>
    public static ToolRun Run(string tool, IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        (string? path, string? reason) = Look(tool);
        ChildResult result = Child.Run(path ?? throw new InvalidOperationException(reason), arguments, TimeSpan.FromMinutes(2), folder, environment);
        return new ToolRun(result.ExitCode, result.Output, result.Messages);
    }

    private static (string? Path, string? Reason) Look(string tool) => Known.GetOrAdd(tool, name => new(() =>
        Fetched.TryGetValue(name, out (string, string) from) ? Fetch(from)
        : Installed(name) is { Path: null } && name == Registry ? Fetch(UninstalledRegistry)
        : Installed(name))).Value;

    private static (string? Path, string? Reason) Installed(string tool)
    {
        string? path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, tool)).FirstOrDefault(File.Exists);
        return (path, path is null ? $"needs the program {tool}, which is not installed (package {tool})" : null);
    }

    private static (string?, string?) Fetch((string Suite, string Package) from)
    {
        (string suite, string package) = from;
        try
        {
            string folder = CachedPackage.Obtain("tools", $"{package}-{suite}", (keep, work) =>
            {
                if (s_archive is not null)
                {
                    throw new PackageMissingException(s_archive);
                }

                string unpacked = Path.Combine(work, "unpacked");
                PackageSource.Open(suite, null, work).Unpack(package, unpacked);
                File.Move(Path.Combine(unpacked, "usr/bin", package), Path.Combine(keep, package));
            });
            return (Path.Combine(folder, package), null);
        }
        catch (Exception exception) when (exception is PackageMissingException or IOException or UnauthorizedAccessException)
        {
            s_archive = exception.Message;
            return (null, $"{package} of Debian's {suite} cannot be had: {exception.Message}");
        }
    }
}

/// <summary>How a program ended and what it said.</summary>
public sealed record ToolRun(int ExitCode, string Output, string Messages)
{
    /// <summary>What it wrote to its output.</summary>
    /// <exception cref="InvalidOperationException">It failed; with what it said.</exception>
    public string Success => ExitCode == 0 ? Output : throw new InvalidOperationException($"exit code {ExitCode}: {Messages}{Output}");
}

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

    /// <summary>Debian's stable Prometheus: as it is installed, or unpacked, which starts no service.</summary>
    public const string Prometheus = "prometheus";

    /// <summary>The checker that comes with Prometheus, as it is installed, or unpacked.</summary>
    public const string Promtool = "promtool";

    /// <summary>Prometheus 3.5 or later, whose jobs choose the format that they scrape.</summary>
    public const string Prometheus3 = "prometheus3";

    /// <summary>VictoriaMetrics 1.145 or later, a receiver of OTLP. Debian builds Prometheus without one.</summary>
    public const string VictoriaMetrics = "victoria-metrics";

    private static readonly Dictionary<string, Origin> s_fetched = new()
    {
        [Oras] = new("sid", "oras", "oras"),
        [Cosign] = new("trixie", "cosign", "cosign"),
        [Cosign3] = new("sid", "cosign", "cosign"),
        [Prometheus3] = new("sid", "prometheus", "prometheus"),
        [VictoriaMetrics] = new("sid", VictoriaMetrics, VictoriaMetrics),
    };

    // Where they are not installed. The oldest build that there is runs everywhere.
    private static readonly Dictionary<string, Origin> s_fetchedUnlessInstalled = new()
    {
        [Registry] = new("bookworm", Registry, Registry),
        [Prometheus] = new("bookworm", "prometheus", "prometheus"),
        [Promtool] = new("bookworm", "prometheus", "promtool"),
    };

    private static readonly ConcurrentDictionary<string, Lazy<(string? Path, string? Reason)>> s_known = new();

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

    private static (string? Path, string? Reason) Look(string tool) => s_known.GetOrAdd(tool, name => new(() =>
        s_fetched.TryGetValue(name, out Origin? from) || (s_fetchedUnlessInstalled.TryGetValue(name, out from) && Installed(name).Path is null)
            ? Fetch(from)
            : Installed(name))).Value;

    private static (string? Path, string? Reason) Installed(string tool)
    {
        string? path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, tool)).FirstOrDefault(File.Exists);
        return (path, path is null ? $"needs the program {tool}, which is not installed (package {tool})" : null);
    }

    private static (string?, string?) Fetch(Origin from)
    {
        (string suite, string package, string file) = from;
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
                foreach (string program in Directory.GetFiles(Path.Combine(unpacked, "usr/bin")))
                {
                    File.Move(program, Path.Combine(keep, Path.GetFileName(program)));
                }
            });
            return (Path.Combine(folder, file), null);
        }
        catch (Exception exception) when (exception is PackageMissingException or IOException or UnauthorizedAccessException)
        {
            s_archive = exception.Message;
            return (null, $"{package} of Debian's {suite} cannot be had: {exception.Message}");
        }
    }

    // A file of usr/bin in a package of a suite.
    private sealed record Origin(string Suite, string Package, string File);
}

/// <summary>How a program ended and what it said.</summary>
public sealed record ToolRun(int ExitCode, string Output, string Messages)
{
    /// <summary>What it wrote to its output.</summary>
    /// <exception cref="InvalidOperationException">It failed; with what it said.</exception>
    public string Success => ExitCode == 0 ? Output : throw new InvalidOperationException($"exit code {ExitCode}: {Messages}{Output}");
}

using System.Collections.Concurrent;
using Bee.Packages;

namespace Bee.Registries;

/// <summary>
/// The third-party programs that tests run: the installed one, or one unpacked from a Debian package into the cache folder if none is installed or the tests need a
/// newer version.
/// </summary>
public static class Tool
{
    /// <summary>Debian's registry, for <see cref="DebianRegistry"/>; installed or unpacked.</summary>
    public const string Registry = "docker-registry";

    /// <summary>skopeo, if it is installed.</summary>
    public const string Skopeo = "skopeo";

    /// <summary>oras 1.3 or later.</summary>
    public const string Oras = "oras";

    /// <summary>cosign 2: signatures at the tag <c>sha256-….sig</c>.</summary>
    public const string Cosign = "cosign";

    /// <summary>cosign 3: signatures as Sigstore bundles, which are referrers of the image.</summary>
    public const string Cosign3 = "cosign3";

    /// <summary>Debian's stable Prometheus; installed, or unpacked without starting its service.</summary>
    public const string Prometheus = "prometheus";

    /// <summary>Prometheus' checker; installed or unpacked.</summary>
    public const string Promtool = "promtool";

    /// <summary>Prometheus 3.5 or later, where a job can choose the format of its scrapes.</summary>
    public const string Prometheus3 = "prometheus3";

    /// <summary>VictoriaMetrics 1.145 or later, a receiver of OTLP. Debian's build of Prometheus does not include one.</summary>
    public const string VictoriaMetrics = "victoria-metrics";

    private static readonly Dictionary<string, Origin> s_fetched = new()
    {
        [Oras] = new("sid", "oras", "oras"),
        [Cosign] = new("trixie", "cosign", "cosign"),
        [Cosign3] = new("sid", "cosign", "cosign"),
        [Prometheus3] = new("sid", "prometheus", "prometheus"),
        [VictoriaMetrics] = new("sid", VictoriaMetrics, VictoriaMetrics),
    };

    // Fetched if not installed. The oldest build runs on all supported systems.
    private static readonly Dictionary<string, Origin> s_fetchedUnlessInstalled = new()
    {
        [Registry] = new("bookworm", Registry, Registry),
        [Prometheus] = new("bookworm", "prometheus", "prometheus"),
        [Promtool] = new("bookworm", "prometheus", "promtool"),
    };

    private static readonly ConcurrentDictionary<string, Lazy<(string? Path, string? Reason)>> s_known = new();

    // Why Debian's archive is not reachable. Stored, so that an offline run waits for the timeout only once.
    private static string? s_archive;

    /// <summary>Returns the path of the program, which is fetched if it is not in the cache; null if it is not available.</summary>
    /// <param name="tool">One of the names above.</param>
    public static string? Find(string tool) => Look(tool).Path;

    /// <summary>Returns why one of the programs is not available; null if all are.</summary>
    public static string? Obstacle(params string[] tools) => tools.Select(tool => Look(tool).Reason).FirstOrDefault(reason => reason is not null);

    /// <summary>Runs a program and waits for its exit, at most two minutes.</summary>
    /// <param name="tool">One of the names above.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="folder">The working directory; null for the current one.</param>
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

    // A file in usr/bin of a package of a Debian suite.
    private sealed record Origin(string Suite, string Package, string File);
}

/// <summary>The exit code and the output of a program.</summary>
public sealed record ToolRun(int ExitCode, string Output, string Messages)
{
    /// <summary>The standard output of a successful run.</summary>
    /// <exception cref="InvalidOperationException">The program failed. The message contains its output.</exception>
    public string Success => ExitCode == 0 ? Output : throw new InvalidOperationException($"exit code {ExitCode}: {Messages}{Output}");
}

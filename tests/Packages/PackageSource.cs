using System.Text;

namespace Bee.Packages;

/// <summary>
/// Downloads packages of a Debian suite with apt and a separate configuration in a temporary folder. Nothing is installed, and the machine's
/// lists and pins are neither read nor changed. The archive is that of the machine's sources. Packages are verified with Debian's keys.
/// </summary>
internal sealed class PackageSource
{
    private const string Keys = "/usr/share/keyrings/debian-archive-keyring.gpg";

    private readonly string _folder;
    private readonly Dictionary<string, string> _apt;

    private PackageSource(string folder, string configuration)
    {
        _folder = folder;
        _apt = new Dictionary<string, string> { ["APT_CONFIG"] = configuration, ["LC_ALL"] = "C" };
    }

    /// <summary>Downloads the package lists of a suite.</summary>
    /// <param name="suite"><c>bookworm</c>, <c>trixie</c>, <c>sid</c>.</param>
    /// <param name="architecture">The Debian name, such as <c>amd64</c>; null for this machine's.</param>
    /// <param name="folder">Receives the lists and the packages.</param>
    /// <exception cref="PackageMissingException">The package is not available.</exception>
    public static PackageSource Open(string suite, string? architecture, string folder)
    {
        if (!File.Exists(Keys))
        {
            throw new PackageMissingException($"what is fetched from Debian is checked with {Keys}, which is not there (package debian-archive-keyring)");
        }

        architecture ??= Run("dpkg", ["--print-architecture"], folder, []).Trim();
        var source = new PackageSource(folder, Configure(suite, architecture, folder));
        Run("apt-get", ["update", "-q"], folder, source._apt);
        return source;
    }

    /// <summary>Returns the dependency of a meta-package, such as the newest build of a kernel.</summary>
    /// <param name="package">The package.</param>
    /// <param name="beginning">The beginning of the dependency's name.</param>
    /// <exception cref="PackageMissingException">The package has no such dependency.</exception>
    public string Dependency(string package, string beginning) => Run("apt-cache", ["depends", "--important", package], _folder, _apt)
        .Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.StartsWith($"Depends: {beginning}", StringComparison.Ordinal))?["Depends: ".Length..]
        ?? throw new PackageMissingException($"{package} names no {beginning}*");

    /// <summary>Downloads the newest build of a package, and unpacks it into a folder without running its scripts.</summary>
    /// <exception cref="PackageMissingException">The package is not available.</exception>
    public void Unpack(string package, string folder)
    {
        Run("apt-get", ["download", "-q", package], _folder, _apt);
        Run("dpkg-deb", ["-x", Directory.GetFiles(_folder, $"{package}_*.deb").Single(), folder], _folder, []);
    }

    /// <summary>Downloads a package with its dependencies that are not installed, and unpacks them into a folder. The suite must be the machine's own release.</summary>
    /// <exception cref="PackageMissingException">The package is not available.</exception>
    public void UnpackWithDependencies(string package, string folder)
    {
        File.Copy("/var/lib/dpkg/status", Path.Combine(_folder, "state/status"), overwrite: true);
        string[] missing = [.. Run("apt-get", ["install", "--simulate", "--no-install-recommends", package], _folder, _apt)
            .Split('\n').Where(line => line.StartsWith("Inst ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1])];
        foreach (string name in missing)
        {
            Unpack(name, folder);
        }
    }

    private static string Configure(string suite, string architecture, string folder)
    {
        foreach (string name in new[] { "parts", "state/lists/partial", "cache/archives/partial" })
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
        }

        string sources = Path.Combine(folder, "sources.list");
        File.WriteAllLines(sources, Sources(suite).Select(source => $"deb [arch={architecture} signed-by={Keys}] {source} main"));
        File.WriteAllText(Path.Combine(folder, "state/status"), "");
        var text = new StringBuilder();
        foreach ((string key, string value) in new (string, string)[]
        {
            ("Dir::Etc::SourceList", sources),
            ("Dir::Etc::SourceParts", Path.Combine(folder, "parts")),
            ("Dir::Etc::Preferences", "/dev/null"),
            ("Dir::Etc::PreferencesParts", Path.Combine(folder, "parts")),
            ("Dir::State", Path.Combine(folder, "state")),
            ("Dir::State::status", Path.Combine(folder, "state/status")),
            ("Dir::Cache", Path.Combine(folder, "cache")),
            ("APT::Architecture", architecture),
            ("APT::Architectures", architecture),
            ("APT::Sandbox::User", ""),
            ("Acquire::Languages", "none"),
            ("Acquire::Retries", "2"),
            ("Acquire::http::Timeout", "20"),
            ("Acquire::IndexTargets::deb::DEP-11::DefaultEnabled", "false"),
            ("APT::Update::Error-Mode", "any"),
        })
        {
            text.Append(key).Append(" \"").Append(value).Append("\";\n");
        }

        string file = Path.Combine(folder, "apt.conf");
        File.WriteAllText(file, text.ToString());
        return file;
    }

    // The machine's Debian mirror, which by convention has its archives in folders of these names.
    private static IEnumerable<string> Sources(string suite)
    {
        var environment = new Dictionary<string, string> { ["LC_ALL"] = "C" };
        string[] known = [.. Run("apt-get", ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"], "/", environment)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(uri => uri.TrimEnd('/')).Distinct()];
        string archive = known.FirstOrDefault(uri => uri.EndsWith("/debian", StringComparison.Ordinal))
            ?? throw new PackageMissingException("it comes from Debian's archive, and apt has no source that ends in /debian");
        yield return $"{archive} {suite}";
        // Unreleased suites have no separate security archive.
        if (suite != "sid" && known.FirstOrDefault(uri => uri.EndsWith("/debian-security", StringComparison.Ordinal)) is { } security)
        {
            yield return $"{security} {suite}-security";
        }
    }

    private static string Run(string command, string[] arguments, string folder, Dictionary<string, string> environment)
    {
        ChildResult result = Child.Run(command, arguments, TimeSpan.FromMinutes(3), folder, environment);
        return result.ExitCode == 0
            ? result.Output
            : throw new PackageMissingException($"{command} {arguments[0]} failed: {result.LastWords}");
    }
}

using System.Text;

namespace Bee.VirtualMachine.Kernels;

/// <summary>
/// Debian's archive as apt sees it through a configuration of its own in a temporary folder: nothing is installed, and the machine's own
/// lists and pins are neither read nor changed. Where the archive is, its sources say. Packages are checked against Debian's keys.
/// </summary>
internal static class PackageSource
{
    private const string Keys = "/usr/share/keyrings/debian-archive-keyring.gpg";

    /// <summary>Fetches the newest build of a kernel into a folder.</summary>
    /// <returns>The package's file.</returns>
    /// <exception cref="KernelMissingException">The reason.</exception>
    public static string Download(DebianKernel kernel, string folder)
    {
        if (!File.Exists(Keys))
        {
            throw new KernelMissingException($"Debian's kernels need {Keys}, to check what is fetched (package debian-archive-keyring)");
        }

        var apt = new Dictionary<string, string> { ["APT_CONFIG"] = Configure(kernel, folder), ["LC_ALL"] = "C" };
        Run("apt-get", ["update", "-q"], folder, apt);
        string depends = Run("apt-cache", ["depends", "--important", DebianKernel.Package], folder, apt);
        string package = depends.Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.StartsWith("Depends: linux-image-", StringComparison.Ordinal))?["Depends: ".Length..]
            ?? throw new KernelMissingException($"{DebianKernel.Package} names no kernel");
        Run("apt-get", ["download", "-q", package], folder, apt);
        return Directory.GetFiles(folder, "linux-image-*.deb").Single();
    }

    /// <summary>Unpacks a package's files into a folder; its scripts do not run.</summary>
    /// <exception cref="KernelMissingException">The reason.</exception>
    public static void Unpack(string package, string folder) => Run("dpkg-deb", ["-x", package, folder], Path.GetDirectoryName(package)!, []);

    private static string Configure(DebianKernel kernel, string folder)
    {
        foreach (string name in new[] { "parts", "state/lists/partial", "cache/archives/partial" })
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
        }

        string sources = Path.Combine(folder, "sources.list");
        File.WriteAllLines(sources, Sources(kernel).Select(source => $"deb [arch=amd64 signed-by={Keys}] {source} main"));
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
            ("APT::Architecture", "amd64"),
            ("APT::Architectures", "amd64"),
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

    // The machine's own mirror of Debian, which by custom keeps its archives in folders of these names; whichever release the machine itself is.
    private static IEnumerable<string> Sources(DebianKernel kernel)
    {
        var environment = new Dictionary<string, string> { ["LC_ALL"] = "C" };
        string[] known = [.. Run("apt-get", ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"], "/", environment)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(uri => uri.TrimEnd('/')).Distinct()];
        string archive = known.FirstOrDefault(uri => uri.EndsWith("/debian", StringComparison.Ordinal))
            ?? throw new KernelMissingException("Debian's kernels come from Debian's archive, and apt has no source that ends in /debian");
        yield return $"{archive} {kernel.Suite}";
        if (known.FirstOrDefault(uri => uri.EndsWith("/debian-security", StringComparison.Ordinal)) is { } security)
        {
            yield return $"{security} {kernel.Suite}-security";
        }
    }

    private static string Run(string command, string[] arguments, string folder, Dictionary<string, string> environment)
    {
        ChildResult result = Child.Run(command, arguments, TimeSpan.FromMinutes(3), folder, environment);
        return result.ExitCode == 0
            ? result.Output
            : throw new KernelMissingException($"{command} {arguments[0]} failed: {result.LastWords}");
    }
}

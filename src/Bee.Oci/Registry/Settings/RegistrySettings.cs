using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Posix;

namespace Bee.Oci.Registry.Settings;

/// <summary>
/// The settings for registries: the default registry, and mirrors, plain http and certificates of each. They come from the files <see cref="SystemPath"/> and
/// <see cref="UserPath"/>, of which the second takes precedence, and from the environment variable <c>BEE_REGISTRY</c>.
/// </summary>
internal sealed record RegistrySettings
{
    /// <summary>The administrator's file.</summary>
    public const string SystemPath = "/etc/bee/registries.json";

    private const string Variable = "BEE_REGISTRY";

    /// <summary>No settings.</summary>
    public static RegistrySettings None { get; } = new();

    /// <summary>The user's file: <c>bee/registries.json</c> in XDG_CONFIG_HOME, else in ~/.config.</summary>
    /// <exception cref="StoreException">The user has no home directory.</exception>
    public static string UserPath => Path.Combine(StorePaths.Configuration(), "bee", "registries.json");

    /// <summary>The prefix for a name without a registry: a registry, optionally with the beginning of a repository, <c>ghcr.io/me</c>; null for none.</summary>
    public string? Default { get; init; }

    /// <summary>The settings of each registry, by host and port.</summary>
    public IReadOnlyDictionary<string, RegistryHost> Registries { get; init; } = new Dictionary<string, RegistryHost>();

    /// <summary>The sources that exist: the variable and the files, in order of precedence.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Loads the settings of this process.</summary>
    /// <exception cref="SettingsException">A file or the variable is invalid.</exception>
    public static RegistrySettings Load()
    {
        RegistrySettings system = Read(SystemPath) ?? None;
        RegistrySettings user = Read(UserPath) ?? None;
        string? said = Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(said) && Problem(said) is { } problem)
        {
            throw new SettingsException(Variable, 0, 0, problem);
        }

        var registries = new Dictionary<string, RegistryHost>(system.Registries, StringComparer.OrdinalIgnoreCase);
        foreach ((string host, RegistryHost set) in user.Registries)
        {
            registries[host] = set;
        }

        bool isSaid = !string.IsNullOrEmpty(said);
        return new RegistrySettings
        {
            Default = isSaid ? said!.TrimEnd('/') : user.Default ?? system.Default,
            Registries = registries,
            Sources = [.. isSaid ? [Variable] : Array.Empty<string>(), .. user.Sources, .. system.Sources],
        };
    }

    /// <summary>Reads a file.</summary>
    /// <returns>The settings; null if the file does not exist.</returns>
    /// <exception cref="SettingsException">The file cannot be read, is invalid, or is writable by users other than root and this one.</exception>
    public static RegistrySettings? Read(string path)
    {
        // An inaccessible folder belongs to another user, for instance if the process changed its user but not HOME.
        if (!File.Exists(path) && new FileInfo(path).LinkTarget is null)
        {
            return null;
        }

        // The file must be trusted: the default registry decides which images run, and the transport decides who can read the login.
        if (TrustedFile.Read(Path.GetFullPath(path)) is not { } content)
        {
            return null;
        }

        IReadOnlyDictionary<string, LocatedJson> root = LocatedJson.Parse(path, content).Object("the settings of registries", "$schema", "default", "registries");
        string? first = null;
        if (root.TryGetValue("default", out LocatedJson? named))
        {
            first = Place(named, "default");
        }

        var registries = new Dictionary<string, RegistryHost>(StringComparer.OrdinalIgnoreCase);
        foreach ((LocatedJson name, LocatedJson set) in root.GetValueOrDefault("registries")?.Require(System.Text.Json.JsonTokenType.StartObject, "registries", "an object of hosts").Members ?? [])
        {
            string host = name.Value;
            if (host.Contains('/') || Problem(host) is not null)
            {
                throw name.Wrong($"'{TerminalText.Clean(Redaction.WithoutLogin(host))}' is not a registry's host. Write one such as ghcr.io or localhost:5000.");
            }

            registries[host] = ReadHost(set, Path.GetDirectoryName(Path.GetFullPath(path))!);
        }

        return new RegistrySettings { Default = first, Registries = registries, Sources = [path] };
    }

    /// <summary>Returns the reference, prefixed with <see cref="Default"/> if it names no registry; unchanged without a default.</summary>
    public ImageReference Complete(ImageReference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return reference.Registry is not null || Default is null ? reference : ImageReference.Parse($"{Default}/{reference}");
    }

    private static RegistryHost ReadHost(LocatedJson json, string folder)
    {
        IReadOnlyDictionary<string, LocatedJson> set = json.Object("a registry", "mirrors", "plainHttp", "caCertificate");
        return new RegistryHost
        {
            Mirrors = [.. set.GetValueOrDefault("mirrors")?.Array("mirrors").Select(mirror => Place(mirror, "a mirror")) ?? []],
            PlainHttp = set.GetValueOrDefault("plainHttp")?.Flag("plainHttp") ?? false,
            CACertificate = set.GetValueOrDefault("caCertificate") is { } file ? Trusted(Path.GetFullPath(Path.Combine(folder, file.Text("caCertificate")))) : null,
        };
    }

    // Another user who can write the file could impersonate the registry. Existence and content are checked when the file is used.
    private static string Trusted(string file)
    {
        _ = TrustedFile.Read(file);
        return file;
    }

    private static string Place(LocatedJson json, string what)
    {
        string text = json.Text(what);
        return Problem(text) is { } problem ? throw json.Wrong(problem) : text.TrimEnd('/');
    }

    // A valid prefix makes a reference with a registry when a repository is appended.
    private static string? Problem(string place)
    {
        string whole = $"{place.TrimEnd('/')}/any";
        return !ImageReference.TryParse(whole, out ImageReference? reference, out string? problem)
            ? problem.Replace(Redaction.WithoutLogin(whole), Redaction.WithoutLogin(place), StringComparison.Ordinal)
            : reference.Registry is null ? $"'{TerminalText.Clean(place)}' does not name a registry: the first part needs a dot or a port, as in ghcr.io/me." : null;
    }
}

/// <summary>The settings of a registry.</summary>
internal sealed record RegistryHost
{
    /// <summary>The mirrors, in the order in which they are tried: host and port, optionally with a prefix for the repository's name.</summary>
    public IReadOnlyList<string> Mirrors { get; init; } = [];

    /// <summary>Whether to use plain http for this host.</summary>
    public bool PlainHttp { get; init; }

    /// <summary>The path of a PEM file with certificate authorities to trust for this host in addition to the system's; null for none.</summary>
    public string? CACertificate { get; init; }
}

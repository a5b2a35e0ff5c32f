using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Posix;

namespace Bee.Oci.Registry.Settings;

/// <summary>
/// What a person or an administrator has set for registries: which one a name without a registry means, and the mirrors of each. The files
/// <see cref="SystemPath"/> and <see cref="UserPath"/>, of which the second counts where both say something, and the environment's <c>BEE_REGISTRY</c>.
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

    /// <summary>What stands before a name that has no registry: a registry, with the beginning of a repository where there is one, <c>ghcr.io/me</c>; null for nothing.</summary>
    public string? Default { get; init; }

    /// <summary>What is set for each registry, by host and port.</summary>
    public IReadOnlyDictionary<string, RegistryHost> Registries { get; init; } = new Dictionary<string, RegistryHost>();

    /// <summary>Where they come from: the variable and the files that are there. What stands first counts where several say something.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>The settings of this process.</summary>
    /// <exception cref="SettingsException">A file, or the variable, is not what it should be.</exception>
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
    /// <returns>Its settings; null where there is no such file.</returns>
    /// <exception cref="SettingsException">It cannot be read, is not what it should be, or others than root and this user could have written it.</exception>
    public static RegistrySettings? Read(string path)
    {
        // A folder that this user may not look into is somebody else's, as where only the user was changed and HOME was not.
        if (!File.Exists(path) && new FileInfo(path).LinkTarget is null)
        {
            return null;
        }

        // Which registry a name means decides what runs, and how it is spoken to who reads the login.
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
                throw name.Wrong($"'{TerminalText.Clean(Redaction.WithoutLogin(host))}' is not a registry's host: such as ghcr.io or localhost:5000.");
            }

            registries[host] = ReadHost(set, Path.GetDirectoryName(Path.GetFullPath(path))!);
        }

        return new RegistrySettings { Default = first, Registries = registries, Sources = [path] };
    }

    /// <summary>The reference, with <see cref="Default"/> before it where it names no registry; unchanged without a default.</summary>
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

    // Another user who could write the file could stand in for the registry. Whether there is one, and what is in it, is asked when it is needed.
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

    // What may stand before a repository's name: put there, the whole is a reference whose registry is named.
    private static string? Problem(string place)
    {
        string whole = $"{place.TrimEnd('/')}/any";
        return !ImageReference.TryParse(whole, out ImageReference? reference, out string? problem)
            ? problem.Replace(Redaction.WithoutLogin(whole), Redaction.WithoutLogin(place), StringComparison.Ordinal)
            : reference.Registry is null ? $"'{TerminalText.Clean(place)}' names no registry: its first part needs a dot or a port, as in ghcr.io/me." : null;
    }
}

/// <summary>What is set for a registry.</summary>
internal sealed record RegistryHost
{
    /// <summary>Where its repositories can be read too, in the order in which they are asked: host and port, with what stands before the repository's name there.</summary>
    public IReadOnlyList<string> Mirrors { get; init; } = [];

    /// <summary>Plain http for this host.</summary>
    public bool PlainHttp { get; init; }

    /// <summary>A PEM file with certificate authorities that are trusted for this host beside the system's; null for none.</summary>
    public string? CACertificate { get; init; }
}

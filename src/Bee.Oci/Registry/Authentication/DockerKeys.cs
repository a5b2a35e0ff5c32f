namespace Bee.Oci.Registry.Authentication;

/// <summary>
/// The names that registries have in docker's config.json: with or without scheme, with or without the API's path, and Docker Hub's own.
/// </summary>
internal static class DockerKeys
{
    private const string DockerHub = "docker.io";
    private const string DockerHubKey = "https://index.docker.io/v1/";

    /// <summary>The name that a login is written under, and that credential helpers are asked with.</summary>
    /// <param name="registry">Host and port.</param>
    public static string Canonical(string registry) => Host(registry) == DockerHub ? DockerHubKey : registry;

    /// <summary>Whether a key of the file means this registry.</summary>
    public static bool IsFor(string key, string registry) => Host(key) is { } host && host == Host(registry);

    /// <summary>How good a key fits where several mean the same registry: the smaller the better.</summary>
    public static int Rank(string key, string registry) =>
        key == registry ? 0 : key == Canonical(registry) ? 1 : key.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? 2 : 3;

    /// <summary>Host and port; null for a key that is for a repository only, as podman writes them, or for nothing.</summary>
    public static string? Host(string key)
    {
        int scheme = key.IndexOf("://", StringComparison.Ordinal);
        string rest = scheme < 0 ? key : key[(scheme + 3)..];
        int slash = rest.IndexOf('/');
        string path = slash < 0 ? "" : rest[slash..].Trim('/');
        string host = (slash < 0 ? rest : rest[..slash]).ToLowerInvariant();

        // A login before the host belongs to no registry's name; it must not come into a list of them.
        host = host[(host.LastIndexOf('@') + 1)..];
        return host.Length == 0 || path is not ("" or "v1" or "v2") ? null
            : host is "index.docker.io" or "registry-1.docker.io" ? DockerHub
            : host;
    }
}

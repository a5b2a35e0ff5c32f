using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bee.Oci.Registry.Authentication;

/// <summary>
/// The logins that docker, skopeo, oras and cosign share: docker's config.json and the credential helpers in it (docker's documentation, "docker
/// login"). The file is read when a login is needed, so a damaged file does not affect anonymous requests.
/// </summary>
public sealed class DockerConfig : ICredentialSource
{
    private const string Auths = "auths";

    private readonly Action<RegistryNote>? _note;
    private readonly HashSet<string> _missing = new(StringComparer.Ordinal);

    /// <summary>The results of credential helpers by registry, so that a helper runs once for many repositories.</summary>
    private readonly ConcurrentDictionary<string, RegistryCredential?> _helped = new(StringComparer.Ordinal);

    private readonly TimeSpan _helperTimeout;

    private DockerConfig(string path, Action<RegistryNote>? note, TimeSpan helperTimeout) => (Path, _note, _helperTimeout) = (path, note, helperTimeout);

    /// <summary>The file with the logins: REGISTRY_AUTH_FILE, else config.json in DOCKER_CONFIG, else
    /// <c>~/.docker/config.json</c>.</summary>
    public string Path { get; }

    /// <summary>Locates the file, which need not exist. It is not read yet.</summary>
    /// <param name="note">Receives warnings about missing or slow credential helpers, on any thread; may be null.</param>
    /// <param name="helperTimeout">The timeout of a credential helper; null for two minutes.</param>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: there is no home directory.</exception>
    public static DockerConfig Load(Action<RegistryNote>? note = null, TimeSpan? helperTimeout = null) =>
        new(DockerConfigFile.DefaultPath(), note, helperTimeout ?? CredentialHelper.DefaultTimeout);

    /// <summary>
    /// Returns the login for a repository: the entry with the most specific path (containers-auth.json(5)) in this file or in podman's files; otherwise the
    /// registry's login from its credential helper, from this file, or from podman's files.
    /// </summary>
    /// <param name="registry">Host and port.</param>
    /// <param name="repository">The repository without the registry; null for the registry's own login.</param>
    /// <param name="cancellationToken">Ends the wait, also for a helper.</param>
    /// <returns>The login; null for none.</returns>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: the file cannot be read, or a helper fails. A helper that is not installed is
    /// skipped with a warning.</exception>
    public async Task<RegistryCredential?> FindAsync(string registry, string? repository = null, CancellationToken cancellationToken = default)
    {
        (DockerConfigFile File, string Path)[] files = [.. DockerConfigFile.PodmanPaths().Prepend(Path).Select(path => (DockerConfigFile.Read(path), path))];
        return DockerKeys.WithPath(registry, repository).SelectMany(_ => files, (key, from) => DockerEntry.Read(from.File.Section(Auths)?[key], key, from.Path)).FirstOrDefault(login => login is not null)
            ?? (Helper(files[0].File, registry) is { } helper ? await AskAsync(helper, registry, cancellationToken).ConfigureAwait(false) : null)
            ?? files.Select(from => Find(from.File, registry, from.Path)).FirstOrDefault(login => login is not null);
    }

    /// <summary>Returns the login in a file; null for none.</summary>
    internal static RegistryCredential? Find(DockerConfigFile file, string registry, string path)
    {
        JsonObject? auths = file.Section(Auths);
        return Keys(auths, registry).Select(key => DockerEntry.Read(auths![key], registry, path)).FirstOrDefault(login => login is not null);
    }

    /// <summary>Stores a login with the registry's credential helper, otherwise in the file, readable only by its owner.</summary>
    /// <param name="registry">Host and port.</param>
    /// <param name="credential">The login.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The place of the login: the file, or the helper's program.</returns>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: the login cannot be stored; the file is unchanged.</exception>
    public async Task<string> StoreAsync(string registry, RegistryCredential credential, CancellationToken cancellationToken = default)
    {
        _helped.TryRemove(registry, out _);
        CredentialHelper? helper = Helper(DockerConfigFile.Read(Path), registry);
        if (helper is not null)
        {
            await helper.StoreAsync(DockerKeys.Canonical(registry), credential, cancellationToken).ConfigureAwait(false);
        }

        DockerConfigFile.Update(Path, file =>
        {
            JsonObject auths = file.Section(Auths) ?? [];
            Keys(auths, registry).ForEach(key => auths.Remove(key));

            // With a helper the entry is empty; docker uses it to list the registries with a login.
            auths[DockerKeys.Canonical(registry)] = helper is null ? DockerEntry.Write(credential) : new JsonObject();
            file.Root[Auths] ??= auths;
            return true;
        });
        return helper?.Program ?? Path;
    }

    /// <summary>Erases a login from the credential helper and from the file.</summary>
    /// <param name="registry">Host and port.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>False if there was no login.</returns>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: the login cannot be erased.</exception>
    public async Task<bool> EraseAsync(string registry, CancellationToken cancellationToken = default)
    {
        bool found = false;
        _helped.TryRemove(registry, out _);
        if (Helper(DockerConfigFile.Read(Path), registry) is { } helper)
        {
            string server = DockerKeys.Canonical(registry);
            foreach (string name in server.Contains("://", StringComparison.Ordinal) ? [server] : new[] { server, "https://" + server })
            {
                if (await helper.GetAsync(name, cancellationToken).ConfigureAwait(false) is not null)
                {
                    await helper.EraseAsync(name, cancellationToken).ConfigureAwait(false);
                    found = true;
                }
            }
        }

        if (File.Exists(Path))
        {
            DockerConfigFile.Update(Path, file =>
            {
                JsonObject? auths = file.Section(Auths);
                List<string> keys = Keys(auths, registry);
                keys.ForEach(key => auths!.Remove(key));
                found |= keys.Count > 0;
                return keys.Count > 0;
            });
        }

        return found;
    }

    /// <summary>Returns the registries in the file, as host and port.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: the file cannot be read.</exception>
    public IReadOnlyList<string> Registries() =>
        [.. (DockerConfigFile.Read(Path).Section(Auths) ?? []).Select(entry => DockerKeys.Host(entry.Key)).OfType<string>().Distinct(StringComparer.Ordinal)];

    private static List<string> Keys(JsonObject? section, string registry) =>
        [.. (section ?? []).Select(entry => entry.Key).Where(key => DockerKeys.IsFor(key, registry)).OrderBy(key => DockerKeys.Rank(key, registry))];

    private async Task<RegistryCredential?> AskAsync(CredentialHelper helper, string registry, CancellationToken cancellationToken)
    {
        if (!_helped.TryGetValue(registry, out RegistryCredential? kept))
        {
            string server = DockerKeys.Canonical(registry);
            kept = await helper.GetAsync(server, cancellationToken).ConfigureAwait(false);
            if (kept is null && !server.Contains("://", StringComparison.Ordinal))
            {
                kept = await helper.GetAsync("https://" + server, cancellationToken).ConfigureAwait(false);
            }

            _helped[registry] = kept;
        }

        return kept;
    }

    private CredentialHelper? Helper(DockerConfigFile file, string registry)
    {
        JsonObject? own = file.Section("credHelpers");
        JsonNode? node = Keys(own, registry) is [var key, ..] ? own![key] : file.Root["credsStore"];
        if (DockerConfigFile.Text(node) is not { } name)
        {
            if (node is not null && node.GetValueKind() != JsonValueKind.String && _missing.Add(""))
            {
                _note?.Invoke(new RegistryNote($"'{Path}' names an invalid credential helper for {registry}; Bee ignores the entry.", true));
            }

            return null;
        }

        var helper = CredentialHelper.Find(name, _helperTimeout, _note);
        if (helper is null && _missing.Add(name))
        {
            _note?.Invoke(new RegistryNote(
                $"The credential helper docker-credential-{name}, which '{Path}' names for {registry}, is not installed; Bee ignores it.", true));
        }

        return helper;
    }
}

/// <summary>The kinds of logins.</summary>
public enum LoginKind
{
    /// <summary>User name and password, or a token used as password.</summary>
    Password,

    /// <summary>An OAuth2 refresh token, which the registry's token service exchanges for short-lived tokens.</summary>
    IdentityToken,

    /// <summary>A bearer token that is sent to the registry unchanged.</summary>
    AccessToken,
}

/// <summary>A stored login, without its secret.</summary>
/// <param name="Registry">Host and port.</param>
/// <param name="UserName">The user name; null for a token.</param>
/// <param name="Kind">The kind of the login.</param>
/// <param name="KeptIn">The file, or the program of the credential helper, with the login.</param>
public sealed record RegistryLogin(string Registry, string? UserName, LoginKind Kind, string KeptIn);

using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bee.Oci.Registry.Authentication;

/// <summary>
/// The logins that docker, skopeo, oras and cosign share: docker's config.json and the credential helpers that it names (docker's
/// documentation, "docker login"). The file is read when a login is asked for, so what is wrong with it troubles nobody who needs none.
/// </summary>
public sealed class DockerConfig : ICredentialSource
{
    private const string Auths = "auths";

    private readonly Action<RegistryNote>? _note;
    private readonly HashSet<string> _missing = new(StringComparer.Ordinal);

    /// <summary>What credential helpers answered, by registry: a command that reads many repositories runs a helper once.</summary>
    private readonly ConcurrentDictionary<string, RegistryCredential?> _helped = new(StringComparer.Ordinal);

    private readonly TimeSpan _helperTimeout;

    private DockerConfig(string path, Action<RegistryNote>? note, TimeSpan helperTimeout) => (Path, _note, _helperTimeout) = (path, note, helperTimeout);

    /// <summary>The file that logins are read from and written to: REGISTRY_AUTH_FILE, else config.json in DOCKER_CONFIG, else
    /// <c>~/.docker/config.json</c>.</summary>
    public string Path { get; }

    /// <summary>Finds the file, which need not exist; it is not read yet.</summary>
    /// <param name="note">Receives warnings about credential helpers that are missing or take long, on any thread; may be null.</param>
    /// <param name="helperTimeout">How long a credential helper may take; null for two minutes.</param>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: there is no home directory.</exception>
    public static DockerConfig Load(Action<RegistryNote>? note = null, TimeSpan? helperTimeout = null) =>
        new(DockerConfigFile.DefaultPath(), note, helperTimeout ?? CredentialHelper.DefaultTimeout);

    /// <summary>
    /// Returns the login for a repository: that of the most specific key with a path (containers-auth.json(5)), in this file or in podman's own, else the registry's.
    /// The registry's is what its credential helper has, else what stands in the file, else what podman has in its own files.
    /// </summary>
    /// <param name="registry">Host and port.</param>
    /// <param name="repository">The repository without the registry; null for the registry's own login.</param>
    /// <param name="cancellationToken">Ends the wait, also for a helper.</param>
    /// <returns>The login; null where there is none.</returns>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: the file cannot be read, or a helper fails. A helper that is not installed is
    /// passed over, with a warning.</exception>
    public async Task<RegistryCredential?> FindAsync(string registry, string? repository = null, CancellationToken cancellationToken = default)
    {
        (DockerConfigFile File, string Path)[] files = [.. DockerConfigFile.PodmanPaths().Prepend(Path).Select(path => (DockerConfigFile.Read(path), path))];
        return DockerKeys.WithPath(registry, repository).SelectMany(_ => files, (key, from) => DockerEntry.Read(from.File.Section(Auths)?[key], key, from.Path)).FirstOrDefault(login => login is not null)
            ?? (Helper(files[0].File, registry) is { } helper ? await AskAsync(helper, registry, cancellationToken).ConfigureAwait(false) : null)
            ?? files.Select(from => Find(from.File, registry, from.Path)).FirstOrDefault(login => login is not null);
    }

    /// <summary>The login that stands in a file itself; null where none does.</summary>
    internal static RegistryCredential? Find(DockerConfigFile file, string registry, string path)
    {
        JsonObject? auths = file.Section(Auths);
        return Keys(auths, registry).Select(key => DockerEntry.Read(auths![key], registry, path)).FirstOrDefault(login => login is not null);
    }

    /// <summary>Keeps a login: with the credential helper that is configured for the registry, else in the file, which only its owner can read then.</summary>
    /// <param name="registry">Host and port.</param>
    /// <param name="credential">The login.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Where it is kept now: the file, or the helper's program.</returns>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: it cannot be kept, and the file is as it was.</exception>
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

            // With a helper the entry is empty: docker lists the registries that it has logins for by them.
            auths[DockerKeys.Canonical(registry)] = helper is null ? DockerEntry.Write(credential) : new JsonObject();
            file.Root[Auths] ??= auths;
            return true;
        });
        return helper?.Program ?? Path;
    }

    /// <summary>Forgets a login: in the credential helper and in the file.</summary>
    /// <param name="registry">Host and port.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False where there was none.</returns>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: it cannot be forgotten.</exception>
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

    /// <summary>The registries that the file has an entry for, as host and port.</summary>
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
                _note?.Invoke(new RegistryNote($"'{Path}' has no valid name of a credential helper for {registry}; the entry is ignored.", true));
            }

            return null;
        }

        var helper = CredentialHelper.Find(name, _helperTimeout, _note);
        if (helper is null && _missing.Add(name))
        {
            _note?.Invoke(new RegistryNote(
                $"The credential helper docker-credential-{name}, which '{Path}' names for {registry}, is not installed; it is passed over.", true));
        }

        return helper;
    }
}

/// <summary>How a login is proved.</summary>
public enum LoginKind
{
    /// <summary>User name and password, or a token in the password's place.</summary>
    Password,

    /// <summary>An OAuth2 refresh token, which the registry's token service changes into short-lived ones.</summary>
    IdentityToken,

    /// <summary>A token that is sent to the registry as it is.</summary>
    AccessToken,
}

/// <summary>A login that is kept. Holds no secret.</summary>
/// <param name="Registry">Host and port.</param>
/// <param name="UserName">The user name; null with a token alone.</param>
/// <param name="Kind">How it is proved.</param>
/// <param name="KeptIn">The file, or the program of the credential helper, that keeps it.</param>
public sealed record RegistryLogin(string Registry, string? UserName, LoginKind Kind, string KeptIn);

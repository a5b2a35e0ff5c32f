namespace Bee.Oci.Registry.Authentication;

/// <summary>The logins that docker, skopeo, oras and cosign share: docker's config.json and the credential helpers that it names.</summary>
public sealed class DockerConfig : ICredentialSource
{
    private DockerConfig(string path) => Path = path;

    /// <summary>The file that logins are written to.</summary>
    public string Path { get; }

    /// <summary>Finds the file and reads it; a file that does not exist has no logins.</summary>
    /// <param name="note">Is told of a credential helper that is missing and the like; null for nobody.</param>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: the file is there and cannot be read.</exception>
    public static DockerConfig Load(Action<RegistryNote>? note = null) => new("");

    /// <inheritdoc/>
    public Task<RegistryCredential?> FindAsync(string registry, CancellationToken cancellation) => Task.FromResult<RegistryCredential?>(null);

    /// <summary>Keeps a login: with the credential helper that is configured for the registry, else in the file.</summary>
    /// <param name="registry">Host and port.</param>
    /// <param name="credential">The credential.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Where it is kept now: the file, or the helper's name.</returns>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: it cannot be kept.</exception>
    public Task<string> StoreAsync(string registry, RegistryCredential credential, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <summary>Forgets a login.</summary>
    /// <param name="registry">Host and port.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>False where there was none.</returns>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: it cannot be forgotten.</exception>
    public Task<bool> EraseAsync(string registry, CancellationToken cancellation = default) => throw new NotImplementedException();
}

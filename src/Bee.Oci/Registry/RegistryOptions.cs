namespace Bee.Oci.Registry;

/// <summary>How registries are spoken to.</summary>
public sealed record RegistryOptions
{
    /// <summary>Plain http for every host, not only for this machine's own (loopback) ones.</summary>
    public bool PlainHttp { get; init; }

    /// <summary>A PEM file with certificate authorities that are trusted beside the system's; null for none.</summary>
    public string? CACertificate { get; init; }

    /// <summary>Takes any certificate. Whoever sets this warns the person.</summary>
    public bool SkipCertificateCheck { get; init; }

    /// <summary>How long to wait for the beginning of an answer.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a body may stand still, or trickle. A small answer (a token, a manifest, a list, an error) has to be whole within this time, with all redirects on the way to it;
    /// there is no limit on the whole of a blob.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a request is tried again after 408, 429, 5xx or a broken connection.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>The longest pause between two tries, also where the registry asks for a longer one.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Blobs that are longer than this are sent in pieces of this length, in bytes.</summary>
    internal long ChunkLength { get; init; } = 16 << 20;

    /// <summary>How long a registry is told about an upload that will not be finished. A person waits for this after Ctrl+C.</summary>
    internal TimeSpan CancelTimeout { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>Where credentials come from; null for none.</summary>
    public ICredentialSource? Credentials { get; init; }

    /// <summary>Is told what a person may want to know (retries, redirects, a credential helper that is missing); never a secret. Called on any thread.</summary>
    public Action<RegistryNote>? Note { get; init; }
}

/// <summary>Something to tell a person.</summary>
/// <param name="Text">The sentence.</param>
/// <param name="IsWarning">True for a warning, false for a detail.</param>
public sealed record RegistryNote(string Text, bool IsWarning);

/// <summary>Where credentials for registries come from.</summary>
public interface ICredentialSource
{
    /// <summary>The credential for a registry.</summary>
    /// <param name="registry">Host and port.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The credential; null where there is none, and then the registry is asked as nobody.</returns>
    Task<RegistryCredential?> FindAsync(string registry, CancellationToken cancellationToken);
}

/// <summary>A credential. Not a record, so that no generated ToString shows it.</summary>
public sealed class RegistryCredential
{
    /// <summary>User name; null with a token alone.</summary>
    public string? UserName { get; init; }

    /// <summary>Password; null with a token alone.</summary>
    public string? Password { get; init; }

    /// <summary>OAuth2 refresh token (docker's identitytoken); null for none.</summary>
    public string? IdentityToken { get; init; }

    /// <summary>A bearer token that is sent as it is (docker's registrytoken); null for none.</summary>
    public string? AccessToken { get; init; }

    /// <summary>The user name, or what kind of token it is: never the secret.</summary>
    public override string ToString() => UserName ?? (IdentityToken is null ? "a token" : "an identity token");
}

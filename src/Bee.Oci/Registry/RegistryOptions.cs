using Bee.Posix;

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

    /// <summary>Counts the failures of one piece of work under these limits.</summary>
    internal Backoff NewBackoff() => new(Retries, LongestPause);

    /// <summary>Blobs that are longer than this are sent in pieces of this length, in bytes.</summary>
    internal long ChunkLength { get; init; } = 16 << 20;

    /// <summary>How long a registry is told about an upload that will not be finished. A person waits for this after Ctrl+C.</summary>
    internal TimeSpan CancelTimeout { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>
    /// Changes or replaces the HTTP handler of each registry: receives the handler that these options make, and returns it changed (a proxy, TLS settings, a connect callback), inside a
    /// <see cref="DelegatingHandler"/>, or another one, such as a fake in tests. Null leaves it as it is. The client disposes the result.
    /// </summary>
    /// <remarks>The client follows redirects and sends credentials itself, by its own rules. It therefore switches off automatic redirects, cookies and decompression of the handler that it gets back,
    /// and refuses a response to a request that the handler has sent elsewhere.</remarks>
    public Func<SocketsHttpHandler, HttpMessageHandler>? Handler { get; init; }

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
    /// <summary>Returns the credential for a repository. It is sent with requests for this repository only.</summary>
    /// <param name="registry">Host and port.</param>
    /// <param name="repository">The repository without the registry; null for requests to the registry as a whole.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The credential, or null for an anonymous request.</returns>
    Task<RegistryCredential?> FindAsync(string registry, string? repository, CancellationToken cancellationToken);
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

/// <summary>What went wrong with a registry. Stable: error ids are made of the names.</summary>
public enum RegistryFault
{
    /// <summary>The host was not found, or nobody answers there.</summary>
    Unreachable,

    /// <summary>The certificate is not trusted, or the other side does not speak TLS.</summary>
    Certificate,

    /// <summary>Plain http was needed for a host that is not this machine, or was asked for where the host wants TLS.</summary>
    PlainHttp,

    /// <summary>The connection broke, more often than it is tried again.</summary>
    Broken,

    /// <summary>Nothing came for longer than the timeouts allow.</summary>
    TimedOut,

    /// <summary>Credentials are missing or wrong (401, UNAUTHORIZED).</summary>
    Unauthorized,

    /// <summary>The credentials are right and do not suffice (403, DENIED).</summary>
    Denied,

    /// <summary>There is no such repository, manifest, tag or blob (404, NAME_UNKNOWN, MANIFEST_UNKNOWN, BLOB_UNKNOWN).</summary>
    NotFound,

    /// <summary>The image has nothing for the platform that was asked for.</summary>
    NoPlatform,

    /// <summary>The registry does not take the name (NAME_INVALID, TAG_INVALID).</summary>
    BadName,

    /// <summary>The registry does not take the content (MANIFEST_INVALID, DIGEST_INVALID, SIZE_INVALID, 413).</summary>
    Refused,

    /// <summary>What was asked for is something that the registry does not do (405, UNSUPPORTED).</summary>
    Unsupported,

    /// <summary>Too many requests, for longer than it is tried again (429, TOOMANYREQUESTS).</summary>
    TooManyRequests,

    /// <summary>The registry has a fault of its own, for longer than it is tried again (5xx).</summary>
    ServerError,

    /// <summary>The answer is not what the specification says: malformed JSON, missing headers, a redirect that leads nowhere.</summary>
    BadAnswer,

    /// <summary>Content has another digest or length than it should.</summary>
    DigestMismatch,

    /// <summary>The answer is larger than it may be.</summary>
    TooLarge,

    /// <summary>A redirect or a token service asks for what Bee does not do: credentials over plain http, or a loop.</summary>
    Unsafe,

    /// <summary>The login that is stored cannot be read or written (config.json, a credential helper).</summary>
    Login,
}

/// <summary>When sending a request again makes sense.</summary>
internal enum Repeat
{
    /// <summary>It would end in the same way.</summary>
    Never,

    /// <summary>The connection broke.</summary>
    Always,

    /// <summary>Nobody listens: it makes sense where somebody did before, and is being restarted.</summary>
    WhereItAnswered,
}

/// <summary>A registry could not do what was asked, or should not be believed. Holds no secret.</summary>
public sealed class RegistryException : BeeException
{
    /// <summary>Makes one.</summary>
    public RegistryException(RegistryFault fault, string message, Exception? inner = null)
        : base($"Registry.{fault}", message, inner: inner) => Fault = fault;

    /// <summary>What went wrong.</summary>
    public RegistryFault Fault { get; }

    /// <summary>The registry's own code, such as <c>MANIFEST_UNKNOWN</c> (OCI Distribution Specification 1.1, "Error Codes"); null where it gave none.</summary>
    public string? Code { get; init; }

    /// <summary>HTTP status; null where there was no answer.</summary>
    public int? Status { get; init; }

    /// <summary>When sending the request again makes sense, where one try had no answer.</summary>
    internal Repeat Repeat { get; set; }
}

using Bee.Posix;

namespace Bee.Oci.Registry;

/// <summary>Transport, credentials and limits for requests to registries.</summary>
public sealed record RegistryOptions
{
    /// <summary>Allows plain http to every host. Without it only loopback hosts are asked with plain http.</summary>
    public bool PlainHttp { get; init; }

    /// <summary>The path of a PEM file with certificate authorities to trust in addition to the system's; null for none.</summary>
    public string? CACertificate { get; init; }

    /// <summary>Accepts any certificate. The caller should warn the user.</summary>
    public bool SkipCertificateCheck { get; init; }

    /// <summary>The timeout for the headers of a response.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The timeout for progress of a body: 1 KiB must arrive within it. A small response (a token, a manifest, a list, an error) must be complete within it, redirects included;
    /// the transfer of a blob has no total limit.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The number of retries after 408, 429, 5xx or a broken connection.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>The longest pause before a retry, even if the registry asks for a longer one.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Returns a new backoff with these limits.</summary>
    internal Backoff NewBackoff() => new(Retries, LongestPause);

    /// <summary>The chunk size in bytes. Larger blobs are pushed in chunks of this size.</summary>
    internal long ChunkLength { get; init; } = 16 << 20;

    /// <summary>The timeout for the request that cancels an upload. The user waits for it after Ctrl+C.</summary>
    internal TimeSpan CancelTimeout { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>
    /// Changes or replaces the HTTP handler of each registry: receives the handler that these options make, and returns it changed (a proxy, TLS settings, a connect callback), inside a
    /// <see cref="DelegatingHandler"/>, or another one, such as a fake in tests. Null leaves it as it is. The client disposes the result.
    /// </summary>
    /// <remarks>The client follows redirects and sends credentials itself, by its own rules. It therefore switches off automatic redirects, cookies and decompression of the handler that it gets back,
    /// and refuses a response to a request that the handler has sent elsewhere.</remarks>
    public Func<SocketsHttpHandler, HttpMessageHandler>? Handler { get; init; }

    /// <summary>The source of credentials; null for anonymous requests.</summary>
    public ICredentialSource? Credentials { get; init; }

    /// <summary>Receives notes for the user, about retries, redirects and missing credential helpers. Called on any thread; notes contain no secret.</summary>
    public Action<RegistryNote>? Note { get; init; }
}

/// <summary>A note for the user.</summary>
/// <param name="Text">The text.</param>
/// <param name="IsWarning">True for a warning, false for a detail.</param>
public sealed record RegistryNote(string Text, bool IsWarning);

/// <summary>Provides credentials for registries.</summary>
public interface ICredentialSource
{
    /// <summary>Returns the credential for a repository. The client sends it with requests for this repository only.</summary>
    /// <param name="registry">Host and port.</param>
    /// <param name="repository">The repository without the registry; null for requests to the registry as a whole.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The credential, or null for an anonymous request.</returns>
    Task<RegistryCredential?> FindAsync(string registry, string? repository, CancellationToken cancellationToken);
}

/// <summary>A credential. It is not a record, because the generated ToString would show the secret.</summary>
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

    /// <summary>Returns the user name, or the kind of token; never the secret.</summary>
    public override string ToString() => UserName ?? (IdentityToken is null ? "a token" : "an identity token");
}

/// <summary>The kinds of registry failures. The names are stable, because error ids contain them.</summary>
public enum RegistryFault
{
    /// <summary>The host was not found, or refuses connections.</summary>
    Unreachable,

    /// <summary>The certificate is not trusted, or the other side does not speak TLS.</summary>
    Certificate,

    /// <summary>Another host needs plain http, which is not allowed; or plain http was requested from a host that requires TLS.</summary>
    PlainHttp,

    /// <summary>The connection broke, and the retries failed.</summary>
    Broken,

    /// <summary>The registry did not answer within the timeout.</summary>
    TimedOut,

    /// <summary>Credentials are missing or wrong (401, UNAUTHORIZED).</summary>
    Unauthorized,

    /// <summary>The credentials are valid but not sufficient (403, DENIED).</summary>
    Denied,

    /// <summary>The repository, manifest, tag or blob does not exist (404, NAME_UNKNOWN, MANIFEST_UNKNOWN, BLOB_UNKNOWN).</summary>
    NotFound,

    /// <summary>The image has no manifest for the requested platform.</summary>
    NoPlatform,

    /// <summary>The name is invalid (NAME_INVALID, TAG_INVALID).</summary>
    BadName,

    /// <summary>The registry rejects the content (MANIFEST_INVALID, DIGEST_INVALID, SIZE_INVALID, 413).</summary>
    Refused,

    /// <summary>The registry does not support the operation (405, UNSUPPORTED).</summary>
    Unsupported,

    /// <summary>The registry rejects too many requests, and the retries failed (429, TOOMANYREQUESTS).</summary>
    TooManyRequests,

    /// <summary>The registry has an internal error, and the retries failed (5xx).</summary>
    ServerError,

    /// <summary>The response violates the specification: malformed JSON, missing headers, a redirect without a target.</summary>
    BadAnswer,

    /// <summary>Content does not match its digest or size.</summary>
    DigestMismatch,

    /// <summary>The response is larger than the limit.</summary>
    TooLarge,

    /// <summary>A redirect or a token service is not safe to follow: credentials over plain http, or a redirect loop.</summary>
    Unsafe,

    /// <summary>The stored login cannot be read or written (config.json, a credential helper).</summary>
    Login,
}

/// <summary>Whether a request may be retried.</summary>
internal enum Repeat
{
    /// <summary>A retry would fail in the same way.</summary>
    Never,

    /// <summary>The connection broke.</summary>
    Always,

    /// <summary>The connection was refused. A retry makes sense if the registry answered before and may be restarting.</summary>
    WhereItAnswered,
}

/// <summary>A registry failed, or its response is not trustworthy. The exception contains no secret.</summary>
public sealed class RegistryException : BeeException
{
    /// <summary>Creates an exception.</summary>
    public RegistryException(RegistryFault fault, string message, Exception? inner = null)
        : base($"Registry.{fault}", message, inner: inner) => Fault = fault;

    /// <summary>What went wrong.</summary>
    public RegistryFault Fault { get; }

    /// <summary>The registry's own code, such as <c>MANIFEST_UNKNOWN</c> (OCI Distribution Specification 1.1, "Error Codes"); null if the response has none.</summary>
    public string? Code { get; init; }

    /// <summary>The HTTP status; null without a response.</summary>
    public int? Status { get; init; }

    /// <summary>Whether the request may be retried, if one attempt had no response.</summary>
    internal Repeat Repeat { get; set; }
}

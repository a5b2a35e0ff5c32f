using Bee.Posix;

namespace Bee.Oci.Registry;

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

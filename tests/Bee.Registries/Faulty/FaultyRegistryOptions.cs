using System.Net;

namespace Bee.Registries;

/// <summary>The behavior of a <see cref="FaultyRegistry"/> without faults. The specification allows all variants.</summary>
public sealed record FaultyRegistryOptions
{
    /// <summary>Uses TLS with a certificate of this authority; null for plain http.</summary>
    public TestAuthority? Authority { get; init; }

    /// <summary>The address to listen on.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Requires one of these user names with its password (Basic); null for no authentication.</summary>
    public IReadOnlyDictionary<string, string>? Users { get; init; }

    /// <summary>Requires tokens of this service (Bearer); null for no authentication.</summary>
    public TokenServer? Tokens { get; init; }

    /// <summary>Supports the referrers API; otherwise its path returns 404.</summary>
    public bool ReferrersApi { get; init; } = true;

    /// <summary>The form of the URL of an upload in the Location header.</summary>
    public LocationStyle Locations { get; init; }

    /// <summary>Adds a query to the URL of an upload, which the client must send too.</summary>
    public bool LocationQueries { get; init; }

    /// <summary>The smallest chunk in bytes, except for the last one, which the registry announces in OCI-Chunk-Min-Length and enforces. 0 for no limit.</summary>
    public int SmallestChunk { get; init; }

    /// <summary>Supports Range requests for blobs.</summary>
    public bool Ranges { get; init; } = true;

    /// <summary>Supports mounting blobs from other repositories.</summary>
    public bool Mounts { get; init; } = true;

    /// <summary>Supports deleting tags; otherwise returns UNSUPPORTED.</summary>
    public bool TagDeletion { get; init; } = true;

    /// <summary>The number of entries in a page of tags, repositories or referrers; 0 for all.</summary>
    public int PageSize { get; init; }
}

/// <summary>The form of a URL in a Location header.</summary>
public enum LocationStyle
{
    /// <summary>A URL with scheme and host.</summary>
    Absolute,

    /// <summary>An absolute path.</summary>
    Root,

    /// <summary>A path relative to the request's.</summary>
    Relative,
}

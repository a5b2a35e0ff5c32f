using System.Net;

namespace Bee.Registries;

/// <summary>How a <see cref="FaultyRegistry"/> that works speaks: all of it is within the specification.</summary>
public sealed record FaultyRegistryOptions
{
    /// <summary>Speaks TLS with a certificate of this authority; null for plain http.</summary>
    public TestAuthority? Authority { get; init; }

    /// <summary>Where it listens.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Asks for these user names with these passwords (Basic); null for nobody.</summary>
    public IReadOnlyDictionary<string, string>? Users { get; init; }

    /// <summary>Asks for tokens of this service (Bearer); null for none.</summary>
    public TokenServer? Tokens { get; init; }

    /// <summary>Has the referrers API; where not, its address answers 404.</summary>
    public bool ReferrersApi { get; init; } = true;

    /// <summary>How the place of an upload is told.</summary>
    public LocationStyle Locations { get; init; }

    /// <summary>The place of an upload has a query, which has to be sent along.</summary>
    public bool LocationQueries { get; init; }

    /// <summary>The smallest chunk, in bytes, but for the last one; told in OCI-Chunk-Min-Length and insisted on. 0 for none.</summary>
    public int SmallestChunk { get; init; }

    /// <summary>Sends parts of blobs (Range).</summary>
    public bool Ranges { get; init; } = true;

    /// <summary>Takes blobs from other repositories.</summary>
    public bool Mounts { get; init; } = true;

    /// <summary>Deletes tags by name; where not, that is UNSUPPORTED.</summary>
    public bool TagDeletion { get; init; } = true;

    /// <summary>The entries of a page of tags, repositories or referrers; 0 for all.</summary>
    public int PageSize { get; init; }
}

/// <summary>How a place is told.</summary>
public enum LocationStyle
{
    /// <summary>With scheme and host.</summary>
    Absolute,

    /// <summary>The path from the root.</summary>
    Root,

    /// <summary>The path from the request's own.</summary>
    Relative,
}

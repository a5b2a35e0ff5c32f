namespace Bee.Registries;

/// <summary>How <see cref="DebianRegistry"/> is to be.</summary>
public sealed record DebianRegistryOptions
{
    /// <summary>Speaks TLS with a certificate of this authority; null for plain http.</summary>
    public TestAuthority? Authority { get; init; }

    /// <summary>Asks for these user names with these passwords (Basic); null for nobody.</summary>
    public IReadOnlyDictionary<string, string>? Users { get; init; }

    /// <summary>Asks for tokens of this service (Bearer); null for none.</summary>
    public TokenServer? Tokens { get; init; }
}

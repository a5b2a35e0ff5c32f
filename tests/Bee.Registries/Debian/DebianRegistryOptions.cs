namespace Bee.Registries;

/// <summary>The options of <see cref="DebianRegistry"/>.</summary>
public sealed record DebianRegistryOptions
{
    /// <summary>Uses TLS with a certificate of this authority; null for plain http.</summary>
    public TestAuthority? Authority { get; init; }

    /// <summary>Requires one of these user names with its password (Basic); null for no authentication.</summary>
    public IReadOnlyDictionary<string, string>? Users { get; init; }

    /// <summary>Requires tokens of this service (Bearer); null for no authentication.</summary>
    public TokenServer? Tokens { get; init; }
}

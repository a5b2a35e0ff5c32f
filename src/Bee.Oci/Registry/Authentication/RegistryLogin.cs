namespace Bee.Oci.Registry.Authentication;

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

using System.Net.Http.Headers;
using System.Text;

namespace Bee.Oci.Registry.Authentication;

/// <summary>The Authorization header of a name and a password (RFC 7617), and what may stand in one at all.</summary>
internal static class BasicHeader
{
    /// <summary>The header; null where the credential has no password.</summary>
    public static AuthenticationHeaderValue? Of(RegistryCredential credential) =>
        credential.Password is { } password
            ? new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.UserName}:{password}")))
            : null;

    /// <summary>Whether a token can stand in a header. Asked first, because .NET's own exception would repeat the token.</summary>
    public static bool IsHeaderText(string token) => token.Length > 0 && token.All(c => c is > ' ' and < (char)0x7f);
}

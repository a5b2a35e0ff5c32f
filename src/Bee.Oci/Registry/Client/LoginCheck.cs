using System.Net;
using Bee.Oci.Registry.Authentication;

namespace Bee.Oci.Registry.Client;

/// <summary>Checks a login with the registry before it is stored.</summary>
internal static class LoginCheck
{
    /// <summary>The user name for registries that accept a token as password and ignore the name.</summary>
    private const string TokenUser = "token";

    /// <summary>Checks a user name and a password (OCI Distribution Specification 1.1, "Determining Support").</summary>
    /// <param name="registry">Host and port.</param>
    /// <param name="user">User name.</param>
    /// <param name="password">Password.</param>
    /// <param name="options">The options; their credentials are not used.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The credential to store.</returns>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Unauthorized"/> or <see cref="RegistryFault.Denied"/>: the registry rejects the login;
    /// <see cref="RegistryFault.BadAnswer"/>: the host is not a registry; or another failure.</exception>
    public static async Task<RegistryCredential> PasswordAsync(
        string registry, string user, string password, RegistryOptions options, CancellationToken cancellationToken = default)
    {
        var credential = new RegistryCredential { UserName = user, Password = password };
        await TryAsync(registry, credential, options, cancellationToken).ConfigureAwait(false);
        return credential;
    }

    /// <summary>Checks a token of unknown kind: as an identity token, as a password, and as a bearer token.</summary>
    /// <param name="registry">Host and port.</param>
    /// <param name="token">The token.</param>
    /// <param name="options">The options; their credentials are not used.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The credential to store, in the form that the registry accepted.</returns>
    /// <exception cref="RegistryException">The registry rejects the token in every form; or another failure, as for a password.</exception>
    public static async Task<RegistryCredential> TokenAsync(string registry, string token, RegistryOptions options, CancellationToken cancellationToken = default)
    {
        RegistryCredential[] forms =
        [
            new() { IdentityToken = token },
            new() { UserName = TokenUser, Password = token },
            new() { AccessToken = token },
        ];
        for (int form = 0; ; form++)
        {
            try
            {
                await TryAsync(registry, forms[form], options, cancellationToken).ConfigureAwait(false);
                return forms[form];
            }
            catch (RegistryException e) when (IsRefusal(e))
            {
                if (form == forms.Length - 1)
                {
                    throw Refused(registry, "the token", e.Status, "Check that the token is complete, has not expired, and is meant for this registry. If the token belongs to a user name, use it as the password of that user.");
                }
            }
        }
    }

    /// <summary>Returns the kind of a credential.</summary>
    public static LoginKind KindOf(RegistryCredential credential) =>
        credential.IdentityToken is not null ? LoginKind.IdentityToken
        : credential.Password is not null ? LoginKind.Password
        : LoginKind.AccessToken;

    private static async Task TryAsync(string registry, RegistryCredential credential, RegistryOptions options, CancellationToken cancellationToken)
    {
        var source = new Candidate(credential);
        using var transport = new RegistryTransport(registry, options with { Credentials = source });
        using HttpResponseMessage answer = await transport.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, new Uri("v2/", UriKind.Relative)), RegistryScope.None, cancellationToken).ConfigureAwait(false);
        int status = (int)answer.StatusCode;
        switch (answer.StatusCode)
        {
            case HttpStatusCode.OK:
                if (!source.WasAsked)
                {
                    options.Note?.Invoke(new RegistryNote($"{registry} does not ask for a login, so this one cannot be checked.", true));
                }

                return;
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden:
                throw Refused(registry, source.WasAsked ? $"the login of {credential}" : "all logins that Bee supports (the registry offers neither Basic nor Bearer)", status,
                    "Check user name and password. If the account uses a second factor, create an access token and use it as the password.");
            case HttpStatusCode.TooManyRequests:
                throw new RegistryException(RegistryFault.TooManyRequests, $"{registry} received too many requests.") { Status = status, Remedy = "Wait, and try again." };
            case >= HttpStatusCode.InternalServerError:
                throw new RegistryException(RegistryFault.ServerError, $"{registry} failed: GET /v2/ returned {status} {answer.StatusCode}.") { Status = status, Remedy = "Try again later." };
            default:
                throw new RegistryException(RegistryFault.BadAnswer, $"{registry} is not a registry: GET /v2/ returned {status} {answer.StatusCode}.")
                {
                    Status = status,
                    Remedy = "Use the host alone: the part of an image's name before the first slash.",
                };
        }
    }

    private static bool IsRefusal(RegistryException error) =>
        error.Status is >= 400 and < 500 && error.Fault is not RegistryFault.TooManyRequests
        && error.Fault is RegistryFault.Unauthorized or RegistryFault.Denied or RegistryFault.BadAnswer or RegistryFault.Login;

    private static RegistryException Refused(string registry, string what, int? status, string remedy) =>
        new(RegistryFault.Unauthorized, $"{registry} rejects {what}; Bee stored nothing.")
        {
            Status = status,
            Remedy = remedy,
        };

    private sealed class Candidate(RegistryCredential credential) : ICredentialSource
    {
        public bool WasAsked { get; private set; }

        public Task<RegistryCredential?> FindAsync(string registry, string? repository, CancellationToken cancellationToken)
        {
            WasAsked = true;
            return Task.FromResult<RegistryCredential?>(credential);
        }
    }
}

using System.Net.Http.Headers;
using System.Text;

namespace Bee.Oci.Registry.Authentication;

/// <summary>
/// Answers the authentication challenges of one registry. Credentials are looked up only after a challenge, separately for each repository: a credential
/// and its tokens are sent with requests for that repository only. Tokens are cached until they expire, one for each set of scopes.
/// </summary>
internal sealed class Authenticator(string host, ICredentialSource? source, TokenService tokens) : IDisposable
{
    /// <summary>The largest number of scopes of a token request, more than any request needs. Further scopes of a challenge are ignored.</summary>
    private const int MostScopes = 8;

    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly Dictionary<(string? Repository, string Scopes), BearerToken> _tokens = [];
    private readonly Dictionary<string, IReadOnlyList<string>> _wanted = new(StringComparer.Ordinal);
    private readonly HashSet<string> _secrets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RegistryCredential?> _credentials = new(StringComparer.Ordinal);
    private Challenge? _challenge;

    /// <summary>Returns the Authorization header of a first attempt; null before the registry's first challenge.</summary>
    public async Task<AuthenticationHeaderValue?> HeaderAsync(RegistryScope scope, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _challenge) is null)
        {
            return null;
        }

        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await HeaderAsync(_challenge!, scope.Repository, _wanted.GetValueOrDefault(scope.ToString(), scope.Parts), null, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Returns the Authorization header for a second attempt after 401; null if there is nothing else to try.</summary>
    /// <param name="offered">The challenges of the response.</param>
    /// <param name="scope">The scope of the request.</param>
    /// <param name="refused">The rejected header; null for none.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<AuthenticationHeaderValue?> AnswerAsync(
        IReadOnlyList<Challenge> offered, RegistryScope scope, AuthenticationHeaderValue? refused, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if ((offered.FirstOrDefault(one => one.IsBearer) ?? offered.FirstOrDefault(one => one.IsBasic)) is not { } challenge)
            {
                return null;
            }

            Volatile.Write(ref _challenge, challenge);
            IReadOnlyList<string> wanted = _wanted[scope.ToString()] = Union(scope, challenge);
            return await HeaderAsync(challenge, scope.Repository, wanted, refused, cancellationToken).ConfigureAwait(false) is { } header
                && !header.Equals(refused) ? header : null;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Returns the secrets that may have been sent, in each encoding in which a response may repeat them.</summary>
    public IReadOnlyList<string> Secrets()
    {
        lock (_secrets)
        {
            return [.. _secrets];
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<AuthenticationHeaderValue?> HeaderAsync(
        Challenge challenge, string? repository, IReadOnlyList<string> scopes, AuthenticationHeaderValue? refused, CancellationToken cancellationToken)
    {
        RegistryCredential? credential = await FindAsync(repository, cancellationToken).ConfigureAwait(false);
        if (challenge.IsBasic)
        {
            return credential is null ? null : BasicHeader.Of(credential);
        }

        if (credential is { AccessToken: { } given, IdentityToken: null, Password: null })
        {
            return BasicHeader.IsHeaderText(given)
                ? new AuthenticationHeaderValue("Bearer", given)
                : throw new RegistryException(RegistryFault.Login, $"The token for {host} contains characters that are not allowed in a token, such as blanks or line ends.");
        }

        (string? Repository, string Scopes) key = (repository, string.Join(' ', scopes));
        if (!_tokens.TryGetValue(key, out BearerToken? token) || !token.IsFresh || token.Value == refused?.Parameter)
        {
            token = await tokens.FetchAsync(challenge, scopes, credential, cancellationToken).ConfigureAwait(false);
            _tokens[key] = token;
            Remember(token.Value);
        }

        return new AuthenticationHeaderValue("Bearer", token.Value);
    }

    private async Task<RegistryCredential?> FindAsync(string? repository, CancellationToken cancellationToken)
    {
        if (!_credentials.TryGetValue(repository ?? "", out RegistryCredential? credential))
        {
            credential = source is null ? null : await source.FindAsync(host, repository, cancellationToken).ConfigureAwait(false);
            _credentials.Add(repository ?? "", credential);
            Remember(credential?.Password);
            Remember(credential?.IdentityToken);
            Remember(credential?.AccessToken);
            Remember(credential is null ? null : BasicHeader.Of(credential)?.Parameter);
        }

        return credential;
    }

    private void Remember(string? secret)
    {
        if (!string.IsNullOrEmpty(secret))
        {
            lock (_secrets)
            {
                _secrets.UnionWith([secret, Uri.EscapeDataString(secret)]);
            }
        }
    }

    /// <summary>Returns the scopes of the request and those of the challenge.</summary>
    private static IReadOnlyList<string> Union(RegistryScope scope, Challenge challenge) =>
        challenge.Parameters.TryGetValue("scope", out string? asked)
            ? [.. scope.Parts.Concat(asked.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Distinct(StringComparer.Ordinal).Take(MostScopes)]
            : scope.Parts;
}

/// <summary>The Authorization header for Basic authentication (RFC 7617).</summary>
internal static class BasicHeader
{
    /// <summary>Returns the header; null if the credential has no password.</summary>
    public static AuthenticationHeaderValue? Of(RegistryCredential credential) =>
        credential.Password is { } password
            ? new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.UserName}:{password}")))
            : null;

    /// <summary>Checks whether a token is valid in a header. .NET's own exception would contain the token.</summary>
    public static bool IsHeaderText(string token) => token.Length > 0 && token.All(c => c is > ' ' and < (char)0x7f);
}

/// <summary>
/// The scopes of a request, as the distribution project's token authentication defines them: <c>repository:me/opensnoop:pull,push</c>. A token is requested with
/// these scopes only.
/// </summary>
internal sealed class RegistryScope
{
    private readonly string[] _parts;

    private RegistryScope(string? repository, params string[] parts) => (Repository, _parts) = (repository, parts);

    /// <summary>No scope: a ping, or a login.</summary>
    public static RegistryScope None { get; } = new(repository: null);

    /// <summary>The list of repositories.</summary>
    public static RegistryScope Catalog { get; } = new(null, "registry:catalog:*");

    /// <summary>Returns the scope for reading a repository.</summary>
    /// <param name="repository">Its name without the registry.</param>
    public static RegistryScope Pull(string repository) => new(repository, One(repository, "pull"));

    /// <summary>Returns the scope for writing, which includes reading.</summary>
    /// <param name="repository">Its name without the registry.</param>
    public static RegistryScope Push(string repository) => new(repository, One(repository, "pull,push"));

    /// <summary>Returns the scope for deleting.</summary>
    /// <param name="repository">Its name without the registry.</param>
    public static RegistryScope Delete(string repository) => new(repository, One(repository, "delete,pull"));

    /// <summary>Returns the scope for mounting a blob of another repository.</summary>
    /// <param name="repository">The repository to write to.</param>
    /// <param name="from">The repository to read from.</param>
    public static RegistryScope Mount(string repository, string from) => new(repository, One(repository, "pull,push"), One(from, "pull"));

    /// <summary>The repository that the request is for, whose credential is sent; null for the registry as a whole.</summary>
    public string? Repository { get; }

    /// <summary>The single scopes, for token requests.</summary>
    public IReadOnlyList<string> Parts => _parts;

    /// <summary>Returns the scopes, separated by spaces.</summary>
    public override string ToString() => string.Join(' ', _parts);

    private static string One(string repository, string actions) => $"repository:{repository}:{actions}";
}

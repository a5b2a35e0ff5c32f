using System.Net.Http.Headers;
using System.Text;

namespace Bee.Oci.Registry.Authentication;

/// <summary>
/// Answers one registry's challenges. Credentials are looked up when the registry asks for some and not before, for each repository on its
/// own: a credential, and a token that was fetched with it, is sent with requests for its repository only. Tokens are kept for as long as
/// they last, one for each set of rights.
/// </summary>
internal sealed class Authenticator(string host, ICredentialSource? source, TokenService tokens) : IDisposable
{
    /// <summary>More scopes than a request can need; what a registry adds beyond is passed over.</summary>
    private const int MostScopes = 8;

    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly Dictionary<(string? Repository, string Scopes), BearerToken> _tokens = [];
    private readonly Dictionary<string, IReadOnlyList<string>> _wanted = new(StringComparer.Ordinal);
    private readonly HashSet<string> _secrets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RegistryCredential?> _credentials = new(StringComparer.Ordinal);
    private Challenge? _challenge;

    /// <summary>What to send with a request that was not refused yet; null as long as the registry did not ask for anything.</summary>
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

    /// <summary>What to send after a 401; null where there is nothing else to try.</summary>
    /// <param name="offered">What the answer offers.</param>
    /// <param name="scope">What the request needs the right to.</param>
    /// <param name="refused">What was sent with it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
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

    /// <summary>Everything secret that may have been sent, in the forms in which it can come back.</summary>
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
                : throw new RegistryException(RegistryFault.Login, $"The token for {host} has characters that no token has (blanks, line ends or others).");
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

    /// <summary>What the request needs and what the registry says that it needs.</summary>
    private static IReadOnlyList<string> Union(RegistryScope scope, Challenge challenge) =>
        challenge.Parameters.TryGetValue("scope", out string? asked)
            ? [.. scope.Parts.Concat(asked.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Distinct(StringComparer.Ordinal).Take(MostScopes)]
            : scope.Parts;
}

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

/// <summary>
/// What a request needs the right to: the scopes of the distribution project's token authentication,
/// <c>repository:me/opensnoop:pull,push</c>. A token is asked for with these and no more.
/// </summary>
internal sealed class RegistryScope
{
    private readonly string[] _parts;

    private RegistryScope(string? repository, params string[] parts) => (Repository, _parts) = (repository, parts);

    /// <summary>No right at all: asking whether there is a registry, and logging in.</summary>
    public static RegistryScope None { get; } = new(repository: null);

    /// <summary>The list of repositories.</summary>
    public static RegistryScope Catalog { get; } = new(null, "registry:catalog:*");

    /// <summary>Reading from a repository.</summary>
    /// <param name="repository">Its name without the registry.</param>
    public static RegistryScope Pull(string repository) => new(repository, One(repository, "pull"));

    /// <summary>Writing to a repository, which asks about what is there, too.</summary>
    /// <param name="repository">Its name without the registry.</param>
    public static RegistryScope Push(string repository) => new(repository, One(repository, "pull,push"));

    /// <summary>Deleting from a repository.</summary>
    /// <param name="repository">Its name without the registry.</param>
    public static RegistryScope Delete(string repository) => new(repository, One(repository, "delete,pull"));

    /// <summary>Writing to a repository what another one of the same registry has.</summary>
    /// <param name="repository">The one that is written to.</param>
    /// <param name="from">The one that is read from.</param>
    public static RegistryScope Mount(string repository, string from) => new(repository, One(repository, "pull,push"), One(from, "pull"));

    /// <summary>The repository that the request is for, whose credential is sent; null for the registry as a whole.</summary>
    public string? Repository { get; }

    /// <summary>The scopes one by one, as token services take them.</summary>
    public IReadOnlyList<string> Parts => _parts;

    /// <summary>The same text for the same rights.</summary>
    public override string ToString() => string.Join(' ', _parts);

    private static string One(string repository, string actions) => $"repository:{repository}:{actions}";
}

using System.Net.Http.Headers;
using Bee.Oci.Registry.Transport;

namespace Bee.Oci.Registry.Authentication;

/// <summary>
/// Answers one registry's challenges. Credentials are looked for when the registry asks for some and not before; tokens are kept for as
/// long as they last, one for each set of rights.
/// </summary>
internal sealed class Authenticator(string host, ICredentialSource? source, TokenService tokens) : IDisposable
{
    /// <summary>More scopes than a request can need; what a registry adds beyond is passed over.</summary>
    private const int MostScopes = 8;

    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly Dictionary<string, BearerToken> _tokens = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<string>> _wanted = new(StringComparer.Ordinal);
    private readonly HashSet<string> _secrets = new(StringComparer.Ordinal);
    private bool _looked;
    private RegistryCredential? _credential;
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
            return await HeaderAsync(_challenge!, _wanted.GetValueOrDefault(scope.ToString(), scope.Parts), null, cancellationToken).ConfigureAwait(false);
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
            return await HeaderAsync(challenge, wanted, refused, cancellationToken).ConfigureAwait(false) is { } header
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
        Challenge challenge, IReadOnlyList<string> scopes, AuthenticationHeaderValue? refused, CancellationToken cancellationToken)
    {
        RegistryCredential? credential = await FindAsync(cancellationToken).ConfigureAwait(false);
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

        string key = string.Join(' ', scopes);
        if (!_tokens.TryGetValue(key, out BearerToken? token) || !token.IsFresh || token.Value == refused?.Parameter)
        {
            token = await tokens.FetchAsync(challenge, scopes, credential, cancellationToken).ConfigureAwait(false);
            _tokens[key] = token;
            Remember(token.Value);
        }

        return new AuthenticationHeaderValue("Bearer", token.Value);
    }

    private async Task<RegistryCredential?> FindAsync(CancellationToken cancellationToken)
    {
        if (!_looked)
        {
            _credential = source is null ? null : await source.FindAsync(host, cancellationToken).ConfigureAwait(false);
            _looked = true;
            Remember(_credential?.Password);
            Remember(_credential?.IdentityToken);
            Remember(_credential?.AccessToken);
            Remember(_credential is null ? null : BasicHeader.Of(_credential)?.Parameter);
        }

        return _credential;
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

using System.Security.Cryptography;
using System.Text;

namespace Bee.Telemetry.Serving;

/// <summary>A token that scrapers must send. Only its digest is kept.</summary>
internal sealed class BearerToken
{
    private const string Scheme = "Bearer ";

    private readonly byte[] _digest;

    /// <summary>Takes a token.</summary>
    /// <exception cref="MetricServerException"><see cref="MetricServerFault.InvalidToken"/>.</exception>
    public BearerToken(string token)
    {
        if (token.Length == 0 || token.Any(static c => c is <= ' ' or > '~'))
        {
            throw new MetricServerException(
                MetricServerFault.InvalidToken,
                token.Length == 0 ? "The token is empty." : "The token has a character other than the printable ones of ASCII.",
                "Give a token of letters, digits and punctuation, without spaces or a newline at its end.");
        }

        _digest = Digest(token);
    }

    /// <summary>Whether a field <c>Authorization</c> has the token. Takes the same time for all wrong tokens of a length.</summary>
    /// <param name="authorization">The field's value; null if the request does not have it.</param>
    public bool IsIn(string? authorization) =>
        authorization is not null && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(Digest(authorization[Scheme.Length..].Trim()), _digest);

    private static byte[] Digest(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}

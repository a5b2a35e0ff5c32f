using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Bee.Oci.Registry.Transport;

namespace Bee.Oci.Registry.Authentication;

/// <summary>
/// Requests tokens from the service of a Bearer challenge: by GET, anonymously or with Basic authentication ("Token Authentication Specification" of the
/// distribution project), or by POST with an identity token ("OAuth 2.0 Token Authentication" there).
/// </summary>
internal sealed class TokenService(HttpSender sender, Retries retries, Func<Uri> registry, RegistryOptions options)
{
    private const int LargestAnswer = 1 << 20;
    private const string Client = "bee";

    /// <summary>The specification's default lifetime.</summary>
    private const double DefaultSeconds = 60;

    /// <summary>Requests a token.</summary>
    /// <param name="challenge">The challenge with realm and service.</param>
    /// <param name="scopes">The scopes of the token.</param>
    /// <param name="credential">The credential; null for an anonymous token.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="RegistryException">The service returned no token. The exception does not quote the response, which could repeat a secret.</exception>
    public async Task<BearerToken> FetchAsync(Challenge challenge, IReadOnlyList<string> scopes, RegistryCredential? credential, CancellationToken cancellationToken)
    {
        Uri realm = Realm(challenge);
        string? service = challenge.Parameters.GetValueOrDefault("service");
        Func<HttpRequestMessage> make = credential?.IdentityToken is { } identity
            ? () => Refresh(realm, service, scopes, identity)
            : () => Get(realm, service, scopes, credential);
        using HttpResponseMessage answer = await retries.RunAsync(
            cancellationToken => SendAsync(make, realm, cancellationToken), repeat: true, $"Token from {realm.Authority}", cancellationToken).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode)
        {
            throw Refused(answer.StatusCode, realm, credential);
        }

        byte[] body = await SmallBody.ReadAsync(answer.Content, LargestAnswer, cancellationToken).ConfigureAwait(false)
            ?? throw new RegistryException(RegistryFault.TooLarge, $"The answer of the token service {realm.Authority} is larger than {LargestAnswer >> 20} MiB.");
        return Read(body, realm);
    }

    private static HttpRequestMessage Get(Uri realm, string? service, IReadOnlyList<string> scopes, RegistryCredential? credential)
    {
        var query = new StringBuilder(realm.Query.TrimStart('?'));
        void Add(string name, string value) => query.Append(query.Length == 0 ? "" : "&").Append(name).Append('=').Append(Uri.EscapeDataString(value));
        if (service is not null)
        {
            Add("service", service);
        }

        foreach (string scope in scopes)
        {
            Add("scope", scope);
        }

        var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(realm) { Query = query.ToString() }.Uri);
        if (credential is not null)
        {
            request.Headers.Authorization = BasicHeader.Of(credential);
        }

        return request;
    }

    private static HttpRequestMessage Refresh(Uri realm, string? service, IReadOnlyList<string> scopes, string identity)
    {
        var form = new Dictionary<string, string> { ["grant_type"] = "refresh_token", ["client_id"] = Client, ["refresh_token"] = identity };
        if (service is not null)
        {
            form["service"] = service;
        }

        if (scopes.Count > 0)
        {
            form["scope"] = string.Join(' ', scopes);
        }

        return new HttpRequestMessage(HttpMethod.Post, realm) { Content = new FormUrlEncodedContent(form) };
    }

    /// <summary>Sends a request. Follows redirects only to the same origin, because the request contains the login.</summary>
    private async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> make, Uri realm, CancellationToken cancellationToken)
    {
        Uri? next = null;
        long start = Stopwatch.GetTimestamp();
        for (int hops = 0; ; hops++)
        {
            HttpRequestMessage request = make();
            Uri address = request.RequestUri = next ?? request.RequestUri!;
            HttpResponseMessage answer = await sender.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (!Redirects.TryRead(answer, address, request.Method, hops, Stopwatch.GetElapsedTime(start), options, out next))
            {
                return answer;
            }

            answer.Dispose();
            if (!RegistryAddress.IsSameOrigin(realm, next))
            {
                throw new RegistryException(RegistryFault.Unsafe, $"The token service {realm.Authority} redirects the login to {next.Authority}; Bee does not follow the redirect.");
            }
        }
    }

    private Uri Realm(Challenge challenge)
    {
        string host = registry().Authority;
        if (!challenge.Parameters.TryGetValue("realm", out string? text)
            || !Uri.TryCreate(text, UriKind.Absolute, out Uri? realm) || realm.Scheme is not ("http" or "https") || realm.Host.Length == 0 || realm.UserInfo.Length > 0)
        {
            throw new RegistryException(RegistryFault.BadAnswer, $"{host} requires a token, but does not name the token service (no valid realm).");
        }

        // A registry with https must not send the login over plain http.
        bool allowed = realm.Scheme == Uri.UriSchemeHttps
            || (registry().Scheme == Uri.UriSchemeHttp && (options.PlainHttp || RegistryAddress.IsLoopback(realm)));
        return allowed
            ? realm
            : throw new RegistryException(RegistryFault.Unsafe, $"{host} sends the login to {realm.Authority} over plain http; Bee sent nothing to it.");
    }

    private static RegistryException Refused(HttpStatusCode status, Uri realm, RegistryCredential? credential)
    {
        (RegistryFault fault, string? remedy) = status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.BadRequest => (RegistryFault.Unauthorized, "Log in, or log in again."),
            HttpStatusCode.Forbidden => (RegistryFault.Denied, "Ask the registry's administrators for the permission, or log in as a user who has it."),
            HttpStatusCode.TooManyRequests => (RegistryFault.TooManyRequests, "Wait, and try again."),
            >= HttpStatusCode.InternalServerError => (RegistryFault.ServerError, (string?)"Try again later."),
            _ => (RegistryFault.BadAnswer, null),
        };
        string what = credential is null ? "an anonymous token" : $"a token for {credential}";
        return new RegistryException(fault, $"The token service {realm.Authority} refuses {what}: {(int)status} {status}.") { Status = (int)status, Remedy = remedy };
    }

    /// <summary>Reads the response of the service.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadAnswer"/>: the response contains no token.</exception>
    internal static BearerToken Read(byte[] content, Uri realm)
    {
        string? value = null;
        double seconds = DefaultSeconds;
        try
        {
            using var document = JsonDocument.Parse(content);
            value = Text(document.RootElement, "token") ?? Text(document.RootElement, "access_token");
            seconds = document.RootElement.TryGetProperty("expires_in", out JsonElement life) ? Seconds(life) : DefaultSeconds;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Reported below without the parser's message, which may quote the response.
        }

        if (value is null || !BasicHeader.IsHeaderText(value))
        {
            throw new RegistryException(RegistryFault.BadAnswer, $"The answer of the token service {realm.Authority} contains no token.");
        }

        // Expires a little early, so that it is still valid when the registry receives it.
        seconds = Math.Clamp(seconds, 0, TimeSpan.FromDays(1).TotalSeconds);
        return new BearerToken(value, DateTimeOffset.UtcNow.AddSeconds(seconds - Math.Min(10, seconds / 5)));
    }

    private static string? Text(JsonElement answer, string name) =>
        answer.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    private static double Seconds(JsonElement life) => life.ValueKind switch
    {
        JsonValueKind.Number when life.TryGetDouble(out double number) => number,
        JsonValueKind.String when double.TryParse(life.GetString(), NumberStyles.Number, CultureInfo.InvariantCulture, out double number) => number,
        _ => DefaultSeconds,
    };
}

/// <summary>A bearer token.</summary>
/// <param name="value">The token.</param>
/// <param name="until">The time when it expires.</param>
internal sealed class BearerToken(string value, DateTimeOffset until)
{
    /// <summary>The token.</summary>
    public string Value => value;

    /// <summary>True if the token has not expired.</summary>
    public bool IsFresh => DateTimeOffset.UtcNow < until;

    /// <summary>Returns a text without the secret.</summary>
    public override string ToString() => "a bearer token";
}

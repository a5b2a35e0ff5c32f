using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Web;

namespace Bee.Registries;

/// <summary>
/// A token service for registries: GET with a user name and a password, and OAuth2's POST with a password or a refresh token. Debian's registry accepts its signed
/// tokens.
/// </summary>
public sealed class TokenServer : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bee-tokens-");
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] _certificate;
    private readonly HttpServer _server;

    /// <summary>Starts the service.</summary>
    /// <param name="authority">Uses TLS with a certificate of this authority; null for plain http.</param>
    public TokenServer(TestAuthority? authority = null)
    {
        var request = new CertificateRequest("CN=Tokens of the tests", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        _certificate = certificate.RawData;
        File.WriteAllText(Certificate, certificate.ExportCertificatePem());
        _server = new HttpServer(AnswerAsync, authority);
    }

    /// <summary>Passwords by user name. Can be changed while the service runs.</summary>
    public ConcurrentDictionary<string, string> Users { get; } = new();

    /// <summary>User names by refresh token.</summary>
    public ConcurrentDictionary<string, string> RefreshTokens { get; } = new();

    /// <summary>Issues pull tokens to anonymous clients.</summary>
    public bool Anonymous { get; set; }

    /// <summary>The lifetime of a token.</summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Replaces the response of the service; the service responds itself if this or its result is null.</summary>
    public Func<HttpExchange, HttpAnswer?>? Instead { get; set; }

    /// <summary>The requests so far: method and target.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The URL of the service: the <c>realm</c> of a challenge.</summary>
    public Uri Realm => new(_server.Address, "token");

    /// <summary>The <c>service</c> of the challenge.</summary>
    public const string Service = "registry of the tests";

    /// <summary>The certificate that verifies the tokens, as PEM.</summary>
    public string Certificate => Path.Combine(_folder.FullName, "tokens.crt");

    /// <summary>Returns the challenge for a scope, as in <c>WWW-Authenticate</c>.</summary>
    public string Challenge(string? scope) => $"Bearer realm=\"{Realm}\",service=\"{Service}\"" + (scope is null ? "" : $",scope=\"{scope}\"");

    /// <summary>Checks whether this service issued a token that has not expired and allows an action on a repository.</summary>
    /// <param name="token">The token.</param>
    /// <param name="type"><c>repository</c> or <c>registry</c>; null for any token.</param>
    /// <param name="name">The repository's name, or <c>catalog</c>.</param>
    /// <param name="action"><c>pull</c>, <c>push</c>, <c>delete</c> or <c>*</c>.</param>
    public bool Allows(string token, string? type, string? name, string? action)
    {
        if (token.Split('.') is not [var head, var claims, var signature]
            || !_key.VerifyData(Encoding.ASCII.GetBytes($"{head}.{claims}"), Unbase(signature), HashAlgorithmName.SHA256))
        {
            return false;
        }

        JsonNode body = JsonNode.Parse(Unbase(claims))!;
        return body["exp"]!.GetValue<long>() > DateTimeOffset.UtcNow.ToUnixTimeSeconds()
            && (type is null || body["access"]!.AsArray().Any(access => access!["type"]!.GetValue<string>() == type
                && access["name"]!.GetValue<string>() == name
                && access["actions"]!.AsArray().Any(a => a!.GetValue<string>() == action)));
    }

    /// <summary>Stops the service.</summary>
    public void Dispose()
    {
        _server.Dispose();
        _key.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task AnswerAsync(HttpExchange exchange)
    {
        Requests.Enqueue($"{exchange.Method} {exchange.Target}");
        await exchange.SendAsync(Instead?.Invoke(exchange) ?? await IssueAsync(exchange));
    }

    private async Task<HttpAnswer> IssueAsync(HttpExchange exchange)
    {
        IEnumerable<string> scopes = exchange.Scopes;
        (string? user, bool offline) who;
        if (exchange.Method == "POST")
        {
            var form = HttpUtility.ParseQueryString(Encoding.UTF8.GetString(await exchange.ReadBodyAsync()));
            scopes = form.GetValues("scope") ?? [];
            string? user = form["grant_type"] switch
            {
                "refresh_token" => RefreshTokens.GetValueOrDefault(form["refresh_token"] ?? ""),
                "password" => Check(form["username"], form["password"]),
                _ => null,
            };
            if (user is null)
            {
                return HttpAnswer.Json(400, """{"error":"invalid_grant","error_description":"the grant is not good"}""");
            }

            who = (user, form["access_type"] == "offline");
        }
        else if (exchange.Header("Authorization") is { } authorization)
        {
            string[] pair = authorization.StartsWith("Basic ", StringComparison.Ordinal)
                ? Encoding.UTF8.GetString(Convert.FromBase64String(authorization[6..])).Split(':', 2)
                : ["", ""];
            who = (Check(pair[0], pair[1]), exchange.Query.GetValueOrDefault("offline_token") == "true");
            if (who.user is null)
            {
                return HttpAnswer.Json(401, """{"details":"incorrect username or password"}""");
            }
        }
        else if (Anonymous)
        {
            who = (null, false);
        }
        else
        {
            return HttpAnswer.Json(401, """{"details":"who are you?"}""");
        }

        string token = Token(who.user, scopes.SelectMany(scope => scope.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        var answer = new JsonObject { ["access_token"] = token, ["token"] = token, ["expires_in"] = (int)Lifetime.TotalSeconds, ["issued_at"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'") };
        if (who.offline)
        {
            string refresh = Guid.NewGuid().ToString("n");
            RefreshTokens[refresh] = who.user!;
            answer["refresh_token"] = refresh;
        }

        return HttpAnswer.Json(200, answer.ToJsonString());
    }

    private string? Check(string? user, string? password) => user is not null && Users.TryGetValue(user, out string? right) && right == password ? user : null;

    private string Token(string? user, IEnumerable<string> scopes)
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var access = new JsonArray();
        foreach (string[] scope in scopes.Select(scope => scope.Split(':')).Where(parts => parts.Length >= 3))
        {
            var actions = new JsonArray([.. scope[^1].Split(',').Where(action => user is not null || action == "pull").Select(action => JsonValue.Create(action))]);
            access.Add(new JsonObject { ["type"] = scope[0], ["name"] = string.Join(':', scope[1..^1]), ["actions"] = actions });
        }

        var head = new JsonObject { ["typ"] = "JWT", ["alg"] = "ES256", ["x5c"] = new JsonArray(Convert.ToBase64String(_certificate)) };
        var claims = new JsonObject
        {
            ["iss"] = "tests",
            ["sub"] = user ?? "",
            ["aud"] = Service,
            ["exp"] = now + (long)Lifetime.TotalSeconds,
            ["nbf"] = now - 10,
            ["iat"] = now,
            ["jti"] = Guid.NewGuid().ToString("n"),
            ["access"] = access,
        };
        string text = $"{Base(JsonSerializer.SerializeToUtf8Bytes(head))}.{Base(JsonSerializer.SerializeToUtf8Bytes(claims))}";
        return $"{text}.{Base(_key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256))}";
    }

    private static string Base(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static byte[] Unbase(string text) => Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/') + "==="[..((4 - (text.Length % 4)) % 4)]);
}

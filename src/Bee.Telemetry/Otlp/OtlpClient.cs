using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bee.Posix;

namespace Bee.Telemetry.Otlp;

/// <summary>The outcomes of a request.</summary>
internal enum OtlpOutcome
{
    /// <summary>The receiver accepted the request, except for the items that it counts as rejected.</summary>
    Accepted,
    /// <summary>The request can be retried.</summary>
    Retry,
    /// <summary>The receiver rejected the request permanently.</summary>
    Refused,
}

/// <summary>The result of a request.</summary>
/// <param name="Outcome">The outcome.</param>
/// <param name="Rejected">The number of data points or records that the receiver rejected from an accepted request.</param>
/// <param name="RetryAfter">The pause that the receiver asks for; null if it asks for none.</param>
/// <param name="Reason">Why not everything was accepted, as one sentence without secrets and control characters; null if everything was.</param>
internal readonly record struct OtlpAnswer(OtlpOutcome Outcome, long Rejected, TimeSpan? RetryAfter, string? Reason);

/// <summary>
/// Sends each request of OTLP/HTTP once (opentelemetry-specification, protocol/otlp.md, "OTLP/HTTP"). Does not follow redirects, since headers may be secrets.
/// </summary>
/// <remarks>OpenTelemetry's SDK for .NET cannot replace this code: it aggregates single measurements itself and does not accept metrics that the kernel has aggregated.</remarks>
internal sealed class OtlpClient : IDisposable
{
    // Limits the part of an answer that is read.
    private const int LongestAnswer = 64 << 10;
    private const int LongestFile = 16 << 20;

    private readonly HttpMessageInvoker _http;
    private readonly OtlpOptions _options;
    private readonly OtlpSignal _signal;
    private readonly string[] _secrets;

    /// <exception cref="OtlpException">A certificate or key cannot be used.</exception>
    public OtlpClient(OtlpOptions options, OtlpSignal signal)
    {
        _signal = signal;
        _options = options;
        _secrets = [.. options.Headers.SelectMany(header => Secrets(header.Value)).Where(secret => secret.Length > 3)];
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            // A proxy cannot reach loopback addresses.
            UseProxy = !options.Endpoint.IsLoopback,
            ConnectTimeout = options.Timeout,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            MaxResponseDrainSize = LongestAnswer,
            SslOptions = Tls(options),
        };
        _http = new HttpMessageInvoker(handler);
    }

    /// <summary>Sends a request once.</summary>
    /// <param name="body">The body, already compressed if the options ask for it.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    public async Task<OtlpAnswer> PostAsync(byte[] body, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(_options.Timeout);
        try
        {
            using var request = Request(body);
            using var answer = await _http.SendAsync(request, deadline.Token).ConfigureAwait(false);
            var text = await ReadAsync(answer, deadline.Token).ConfigureAwait(false);
            return Read(answer, text);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed(string.Create(CultureInfo.InvariantCulture, $"It did not answer within {_options.Timeout.TotalSeconds:0.###} s"));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return cancellationToken.IsCancellationRequested ? throw new OperationCanceledException(cancellationToken) : Failed(Explain(exception));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static OtlpAnswer Failed(string reason) => new(OtlpOutcome.Retry, 0, null, reason + ".");

    private HttpRequestMessage Request(byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(_options.Protocol == OtlpProtocol.Json ? "application/json" : "application/x-protobuf");
        if (_options.IsCompressed)
        {
            content.Headers.ContentEncoding.Add("gzip");
        }

        var request = new HttpRequestMessage(HttpMethod.Post, _options.Endpoint) { Content = content };
        request.Headers.TryAddWithoutValidation("User-Agent", OtlpRequest.UserAgent);
        foreach (var (name, value) in _options.Headers)
        {
            request.Headers.Remove(name);
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return request;
    }

    private OtlpAnswer Read(HttpResponseMessage answer, byte[] body)
    {
        var isJson = answer.Content.Headers.ContentType?.MediaType is "application/json";
        var isProtobuf = answer.Content.Headers.ContentType?.MediaType is "application/x-protobuf";
        var status = (int)answer.StatusCode;
        if (answer.IsSuccessStatusCode)
        {
            var (rejected, message) = isJson ? OtlpResponse.PartialJson(body, _signal) : OtlpResponse.PartialProtobuf(body);
            return new OtlpAnswer(OtlpOutcome.Accepted, rejected, null, rejected > 0 || message.Length > 0 ? Sentence("It rejected a part", message) : null);
        }

        // The text of a redirect is not shown, because its target can be anywhere.
        var said = status is >= 300 and < 400 ? "" : isJson ? OtlpResponse.StatusJson(body) : isProtobuf ? OtlpResponse.StatusProtobuf(body) : Encoding.UTF8.GetString(body);
        var reason = Sentence(status is >= 300 and < 400 ? $"It answered with a redirect ({status}), which is not followed" : $"It answered {status} ({answer.StatusCode})", said);
        return status is 429 or 502 or 503 or 504
            ? new OtlpAnswer(OtlpOutcome.Retry, 0, Backoff.Asked(answer.Headers), reason)
            : new OtlpAnswer(OtlpOutcome.Refused, 0, null, reason);
    }

    // The text of a receiver is untrusted: it is shortened, put on one line, and hidden if it contains a secret.
    private string Sentence(string beginning, string said)
    {
        const int Longest = 300;
        said = said.Trim().TrimEnd('.');
        // A query may be an API key, which the receiver can repeat in any encoding.
        var isSecret = _options.Endpoint.Query.Length > 0 || _secrets.Any(secret => said.Contains(secret, StringComparison.Ordinal));
        return said.Length == 0 || isSecret ? beginning + "." : $"{beginning}: {TerminalText.Clean(said.Length > Longest ? said[..Longest] + "…" : said)}.";
    }

    // The value, its parts, and the user and password of Basic authentication (RFC 7617).
    private static IEnumerable<string> Secrets(string value)
    {
        foreach (var part in value.Split([' ', '=', ':', ','], StringSplitOptions.RemoveEmptyEntries).Append(value))
        {
            yield return part;
        }

        const string Basic = "Basic ";
        var bytes = new byte[value.Length];
        if (value.StartsWith(Basic, StringComparison.OrdinalIgnoreCase) && Convert.TryFromBase64String(value[Basic.Length..].Trim(), bytes, out var length))
        {
            var login = Encoding.UTF8.GetString(bytes, 0, length);
            var colon = login.IndexOf(':', StringComparison.Ordinal);
            yield return login;
            yield return login[..Math.Max(colon, 0)];
            yield return login[(colon + 1)..];
        }
    }

    private static async Task<byte[]> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var stream = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var body = new byte[LongestAnswer];
        var length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return length == body.Length ? [] : body[..length];
    }

    private static string Explain(Exception exception)
    {
        var inner = exception;
        while (inner.InnerException is { } next)
        {
            inner = next;
        }

        return exception switch
        {
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "Its host was not found",
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } when inner is SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "Nothing listens there",
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } when exception.InnerException is AuthenticationException refused => "Its certificate is not trusted, or it does not speak TLS: " + TerminalText.Clean(refused.Message.TrimEnd('.')),
            HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError } => "It does not answer with HTTP",
            _ => "The connection broke: " + TerminalText.Clean(inner.Message.TrimEnd('.')),
        };
    }

    private static SslClientAuthenticationOptions Tls(OtlpOptions options)
    {
        var tls = new SslClientAuthenticationOptions();
        if (options.CertificatePath is { } file)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            var authorities = Pem(file);
            try
            {
                policy.CustomTrustStore.ImportFromPem(authorities);
            }
            catch (CryptographicException exception)
            {
                throw Unusable(file, "a certificate in it is damaged", exception);
            }

            tls.CertificateChainPolicy = policy.CustomTrustStore.Count > 0 ? policy : throw Unusable(file, "it has no certificate in PEM", null);
        }

        if (options.ClientCertificatePath is { } client)
        {
            var certificate = Pem(client);
            try
            {
                using var pem = X509Certificate2.CreateFromPem(certificate, options.ClientKeyPath is { } key ? Pem(key) : certificate);
                var chain = new X509Certificate2Collection();
                chain.ImportFromPem(certificate);
                tls.ClientCertificateContext = SslStreamCertificateContext.Create(new X509Certificate2(pem), chain, offline: true);
            }
            catch (Exception exception) when (exception is CryptographicException or ArgumentException)
            {
                throw Unusable(client, exception is ArgumentException ? "the key belongs to another certificate" : "the certificate or its key is damaged", exception);
            }
        }

        return tls;
    }

    private static string Pem(string path)
    {
        try
        {
            return RegularFile.ReadAllText(path, LongestFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, exception.Message.TrimEnd('.'), exception);
        }
    }

    private static OtlpException Unusable(string path, string reason, Exception? inner) =>
        new(OtlpFault.InvalidCertificate, $"'{path}' cannot be used for OTLP: {reason}.", "Give PEM files: OTEL_EXPORTER_OTLP_CERTIFICATE, _CLIENT_CERTIFICATE and _CLIENT_KEY name them.", inner);
}

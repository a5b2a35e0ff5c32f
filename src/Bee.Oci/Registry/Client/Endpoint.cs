using System.Collections.Concurrent;
using System.Net;
using Bee.Oci.Formats;
using Bee.Oci.Registry.Authentication;
using Bee.Oci.Registry.Transport;
using Bee.Posix;

namespace Bee.Oci.Registry.Client;

/// <summary>The API of one registry: URLs, requests and small documents.</summary>
internal sealed class Endpoint : IDisposable
{
    private readonly RegistryWarnings _warnings;

    /// <summary>Creates the endpoint. Sends nothing yet.</summary>
    public Endpoint(string host, RegistryOptions options)
    {
        (Host, Options) = (host, options);
        Transport = new RegistryTransport(host, options);
        _warnings = new RegistryWarnings(this);
    }

    /// <summary>Host and port, as the registry is named in references.</summary>
    public string Host { get; }

    /// <summary>The options.</summary>
    public RegistryOptions Options { get; }

    /// <summary>The transport.</summary>
    public RegistryTransport Transport { get; }

    /// <summary>Returns a URL of the API.</summary>
    /// <param name="path">The path after <c>/v2/</c>.</param>
    public Uri Address(string path) => new(Transport.Base, "v2/" + path);

    /// <summary>Sends a request without a body, and returns the response with any status.</summary>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, Uri address, RegistryScope scope, CancellationToken cancellationToken, Action<HttpRequestMessage>? with = null)
    {
        HttpResponseMessage response = await Transport.SendAsync(
            () =>
            {
                var request = new HttpRequestMessage(method, address);
                with?.Invoke(request);
                return request;
            },
            scope,
            cancellationToken).ConfigureAwait(false);
        _warnings.Tell(response);
        return response;
    }

    /// <summary>Reads a small document, and retries if the connection breaks.</summary>
    /// <param name="address">The URL.</param>
    /// <param name="scope">The scope of the request.</param>
    /// <param name="doing">The action, as it continues "Cannot".</param>
    /// <param name="what">The kind of document, for messages.</param>
    /// <param name="limit">The most bytes.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <param name="with">Adds headers.</param>
    /// <param name="absent">Returns true for a status that means that the document does not exist; the result is null then.</param>
    public async Task<RegistryDocument?> GetAsync(
        Uri address,
        RegistryScope scope,
        string doing,
        string what,
        int limit,
        CancellationToken cancellationToken,
        Action<HttpRequestMessage>? with = null,
        Func<HttpStatusCode, bool>? absent = null)
    {
        var backoff = Options.NewBackoff();
        while (true)
        {
            using HttpResponseMessage response = await SendAsync(HttpMethod.Get, address, scope, cancellationToken, with).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                return absent?.Invoke(response.StatusCode) == true
                    ? null
                    : throw await FailureAsync(response, doing, cancellationToken).ConfigureAwait(false);
            }

            try
            {
                return new RegistryDocument(response, await ResponseBody.ReadAsync(response, limit, what, cancellationToken).ConfigureAwait(false));
            }
            catch (RegistryException e) when (e.Fault == RegistryFault.Broken && !backoff.IsOver)
            {
                await backoff.RestAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Returns the exception for an error response.</summary>
    /// <param name="response">The response.</param>
    /// <param name="doing">The action, as it continues "Cannot".</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<RegistryException> FailureAsync(HttpResponseMessage response, string doing, CancellationToken cancellationToken)
    {
        Uri? asked = response.RequestMessage?.RequestUri;
        string? elsewhere = asked is null || RegistryAddress.IsSameOrigin(asked, Transport.Base) ? null : asked.Authority;
        return RegistryErrors.ReadAsync(response, doing, Host, elsewhere, cancellationToken);
    }

    /// <summary>Sanitizes text of a registry for output: one line, secrets redacted, and truncated.</summary>
    /// <param name="text">The text.</param>
    /// <param name="longest">The most characters.</param>
    public string Shown(string text, int longest)
    {
        string clean = TerminalText.Clean(Transport.WithoutSecrets(text));
        return clean.Length > longest ? clean[..longest] + "…" : clean;
    }

    /// <summary>Sends a note that is not a warning.</summary>
    public void Note(string text) => Options.Note?.Invoke(new RegistryNote(TerminalText.Clean(text), IsWarning: false));

    /// <inheritdoc/>
    public void Dispose() => Transport.Dispose();
}

/// <summary>A response with its body. The response is disposed; its headers can still be read.</summary>
internal sealed record RegistryDocument(HttpResponseMessage Response, byte[] Body)
{
    /// <summary>The media type without parameters; null if the response has none.</summary>
    public string? ContentType => Response.Content.Headers.ContentType?.MediaType;
}

/// <summary>
/// Reports the header <c>Warning</c> of responses as notes (OCI Distribution Specification 1.1, "Warnings"), each text once.
/// </summary>
internal sealed class RegistryWarnings(Endpoint endpoint)
{
    private const string Beginning = "299 - \"";
    private const int Most = 20;
    private const int Longest = 300;

    private readonly ConcurrentDictionary<string, bool> _told = new(StringComparer.Ordinal);

    /// <summary>Reports the warnings of a response.</summary>
    public void Tell(HttpResponseMessage response)
    {
        if (endpoint.Options.Note is not { } note || !response.Headers.NonValidated.TryGetValues("Warning", out var values))
        {
            return;
        }

        foreach (string value in values)
        {
            string text = value.Trim();
            if (!text.StartsWith(Beginning, StringComparison.Ordinal) || !text.EndsWith('"') || text.Length <= Beginning.Length + 1)
            {
                continue;
            }

            text = endpoint.Shown(text[Beginning.Length..^1].Replace("\\\"", "\"").Replace("\\\\", "\\"), Longest);
            if (_told.Count < Most && _told.TryAdd(text, true))
            {
                note(new RegistryNote($"{endpoint.Host} warns: {text}", IsWarning: true));
            }
        }
    }
}

/// <summary>Resolves absolute and relative URLs in response headers: the next request of an upload, the next page of a list.</summary>
internal static class AnswerAddress
{
    /// <summary>Returns the URL for the next request of an upload (the header <c>Location</c>).</summary>
    /// <remarks>The specification allows another host; the transport sends no credentials there.</remarks>
    /// <param name="response">The response.</param>
    /// <param name="registry">The registry's URL.</param>
    /// <exception cref="RegistryException">The header is missing, invalid or not safe to follow.</exception>
    public static Uri Location(HttpResponseMessage response, Uri registry) =>
        TryLocation(response, registry)
        ?? throw new RegistryException(RegistryFault.BadAnswer, $"{registry.Authority} starts an upload, but its answer has no valid Location header.") { Status = (int)response.StatusCode };

    /// <summary>Returns the URL for the next request of an upload; null without the header.</summary>
    public static Uri? TryLocation(HttpResponseMessage response, Uri registry)
    {
        string text = response.Headers.NonValidated.TryGetValues("Location", out var values) ? values.ToString().Trim() : "";
        return text.Length == 0 ? null : Resolve(text, Asked(response, registry), registry);
    }

    /// <summary>Returns the URL of the next page (the header <c>Link</c> with <c>rel="next"</c>, RFC 8288); null for the last page.</summary>
    /// <exception cref="RegistryException">The URL is invalid, or has another host.</exception>
    public static Uri? NextPage(HttpResponseMessage response, Uri registry)
    {
        if (!response.Headers.NonValidated.TryGetValues("Link", out var values))
        {
            return null;
        }

        string? target = values.Select(LinkHeader.Next).FirstOrDefault(link => link is not null);
        if (target is null)
        {
            return null;
        }

        Uri next = Resolve(target, Asked(response, registry), registry);
        return RegistryAddress.IsSameOrigin(next, registry)
            ? next
            : throw new RegistryException(RegistryFault.Unsafe, $"{registry.Authority} continues a list at another host, {next.Authority}. Bee does not follow the link.");
    }

    /// <summary>Adds the digest to the URL of an upload. The existing query stays unchanged.</summary>
    public static Uri WithDigest(Uri location, Digest digest)
    {
        string address = location.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped);
        char last = address[^1];
        string separator = last is '?' or '&' ? "" : address.Contains('?') ? "&" : "?";
        return new Uri($"{address}{separator}digest={Uri.EscapeDataString(digest.ToString())}");
    }

    private static Uri Asked(HttpResponseMessage response, Uri registry) => response.RequestMessage?.RequestUri is { IsAbsoluteUri: true } asked ? asked : registry;

    private static Uri Resolve(string text, Uri asked, Uri registry)
    {
        // .NET would parse an absolute path as a file: URL.
        bool relative = text.StartsWith('/') || !text.Contains("://", StringComparison.Ordinal);
        if (!Uri.TryCreate(asked, text, out Uri? address) || (relative && !RegistryAddress.IsSameOrigin(address, asked) && !text.StartsWith("//", StringComparison.Ordinal))
            || address.Scheme is not ("http" or "https") || address.Host.Length == 0)
        {
            // Not quoted, because URLs of uploads may contain signatures.
            throw new RegistryException(RegistryFault.BadAnswer, $"{registry.Authority} redirects to an invalid URL.");
        }

        if (address.UserInfo.Length > 0)
        {
            throw new RegistryException(RegistryFault.Unsafe, $"{registry.Authority} redirects to a URL that contains a user name or password. Bee does not follow it.")
            {
                Remedy = "Report this to the operator of the registry.",
            };
        }

        if (registry.Scheme != "https" || address.Scheme != "http")
        {
            return address;
        }

        // A registry behind a proxy that terminates TLS may return http URLs of its own host, which are requested with https.
        return string.Equals(address.IdnHost, registry.IdnHost, StringComparison.OrdinalIgnoreCase)
            ? new UriBuilder(address) { Scheme = "https", Port = registry.Port }.Uri
            : throw new RegistryException(RegistryFault.Unsafe, $"{registry.Authority} answers with an address on plain http, {address.Authority}. Bee does not follow it.");
    }
}

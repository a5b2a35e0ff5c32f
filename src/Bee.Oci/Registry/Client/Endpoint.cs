using System.Collections.Concurrent;
using System.Net;
using Bee.Oci.Formats;
using Bee.Oci.Registry.Authentication;
using Bee.Oci.Registry.Transport;
using Bee.Posix;

namespace Bee.Oci.Registry.Client;

/// <summary>A registry's API, as the parts of the client use it: addresses, requests, documents. One for each registry.</summary>
internal sealed class Endpoint : IDisposable
{
    private readonly RegistryWarnings _warnings;

    /// <summary>Makes one; asks nothing yet.</summary>
    public Endpoint(string host, RegistryOptions options)
    {
        (Host, Options) = (host, options);
        Transport = new RegistryTransport(host, options);
        _warnings = new RegistryWarnings(this);
    }

    /// <summary>Host and port, as the registry is named in references.</summary>
    public string Host { get; }

    /// <summary>How it is spoken to.</summary>
    public RegistryOptions Options { get; }

    /// <summary>What sends.</summary>
    public RegistryTransport Transport { get; }

    /// <summary>An address of the API.</summary>
    /// <param name="path">What follows <c>/v2/</c>.</param>
    public Uri Address(string path) => new(Transport.Base, "v2/" + path);

    /// <summary>Sends a request that has no body; the answer may have any status.</summary>
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

    /// <summary>Gets a document that fits into memory. It is asked for again where the connection breaks in its middle.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="scope">What that needs the right to.</param>
    /// <param name="doing">What is tried, as it continues "Cannot".</param>
    /// <param name="what">What it is, for messages.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="with">Adds headers.</param>
    /// <param name="absent">Statuses that mean that there is no such document; null is given for them.</param>
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

    /// <summary>What an answer that is no success says.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="doing">What was tried, as it continues "Cannot".</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<RegistryException> FailureAsync(HttpResponseMessage response, string doing, CancellationToken cancellationToken)
    {
        Uri? asked = response.RequestMessage?.RequestUri;
        string? elsewhere = asked is null || RegistryAddress.IsSameOrigin(asked, Transport.Base) ? null : asked.Authority;
        return RegistryErrors.ReadAsync(response, doing, Host, elsewhere, cancellationToken);
    }

    /// <summary>What a registry wrote, as a person may see it: on one line, without what was sent to it in secret, and cut short.</summary>
    /// <param name="text">The registry's words.</param>
    /// <param name="longest">The most characters.</param>
    public string Shown(string text, int longest)
    {
        string clean = TerminalText.Clean(Transport.WithoutSecrets(text));
        return clean.Length > longest ? clean[..longest] + "…" : clean;
    }

    /// <summary>Tells a person a detail, which is no warning.</summary>
    public void Note(string text) => Options.Note?.Invoke(new RegistryNote(TerminalText.Clean(text), IsWarning: false));

    /// <inheritdoc/>
    public void Dispose() => Transport.Dispose();
}

/// <summary>An answer with its whole body. The answer is disposed; its headers can still be read.</summary>
internal sealed record RegistryDocument(HttpResponseMessage Response, byte[] Body)
{
    /// <summary>What it is, without parameters; null where the answer does not say.</summary>
    public string? ContentType => Response.Content.Headers.ContentType?.MediaType;
}

/// <summary>
/// What a registry wants people to know: the header <c>Warning</c> (OCI Distribution Specification 1.1, "Warnings"). It is told, each text once,
/// and nothing follows from it.
/// </summary>
internal sealed class RegistryWarnings(Endpoint endpoint)
{
    private const string Beginning = "299 - \"";
    private const int Most = 20;
    private const int Longest = 300;

    private readonly ConcurrentDictionary<string, bool> _told = new(StringComparer.Ordinal);

    /// <summary>Tells what an answer warns of.</summary>
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

/// <summary>Addresses that a registry answers with: where an upload goes on, where the next page is. They may be absolute or relative.</summary>
internal static class AnswerAddress
{
    /// <summary>Where an upload goes on (the header <c>Location</c>).</summary>
    /// <remarks>It may be on another host, which the specification allows; the transport sends no credentials there.</remarks>
    /// <param name="response">The answer.</param>
    /// <param name="registry">The registry's own address.</param>
    /// <exception cref="RegistryException">There is none, or none that may be followed.</exception>
    public static Uri Location(HttpResponseMessage response, Uri registry) =>
        TryLocation(response, registry)
        ?? throw new RegistryException(RegistryFault.BadAnswer, $"{registry.Authority} begins an upload without saying where it goes on (no Location header).") { Status = (int)response.StatusCode };

    /// <summary>The same; null where the answer has none.</summary>
    public static Uri? TryLocation(HttpResponseMessage response, Uri registry)
    {
        string text = response.Headers.NonValidated.TryGetValues("Location", out var values) ? values.ToString().Trim() : "";
        return text.Length == 0 ? null : Resolve(text, Asked(response, registry), registry);
    }

    /// <summary>The next page (the header <c>Link</c> with <c>rel="next"</c>, RFC 8288); null where this is the last one.</summary>
    /// <exception cref="RegistryException">It is no address, or one of another host: a list of one registry is not continued at another.</exception>
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
            : throw new RegistryException(RegistryFault.Unsafe, $"{registry.Authority} continues a list at another host ({next.Authority}); Bee does not follow.");
    }

    /// <summary>An upload's address with the digest that ends it. What the registry put into the query stays as it is.</summary>
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
        // A path must not be read as a file name, which .NET does with one that stands alone.
        bool relative = text.StartsWith('/') || !text.Contains("://", StringComparison.Ordinal);
        if (!Uri.TryCreate(asked, text, out Uri? address) || (relative && !RegistryAddress.IsSameOrigin(address, asked) && !text.StartsWith("//", StringComparison.Ordinal))
            || address.Scheme is not ("http" or "https") || address.Host.Length == 0)
        {
            // Not quoted: addresses of uploads may hold what opens them.
            throw new RegistryException(RegistryFault.BadAnswer, $"{registry.Authority} answers with an address that is not valid.");
        }

        if (address.UserInfo.Length > 0)
        {
            throw new RegistryException(RegistryFault.Unsafe, $"{registry.Authority} answers with an address that holds a login; Bee does not follow.");
        }

        if (registry.Scheme != "https" || address.Scheme != "http")
        {
            return address;
        }

        // A registry behind a proxy that ends TLS may think that it speaks http: the same host is asked over TLS as before.
        return string.Equals(address.IdnHost, registry.IdnHost, StringComparison.OrdinalIgnoreCase)
            ? new UriBuilder(address) { Scheme = "https", Port = registry.Port }.Uri
            : throw new RegistryException(RegistryFault.Unsafe, $"{registry.Authority} answers with an address on plain http ({address.Authority}); Bee does not follow.");
    }
}

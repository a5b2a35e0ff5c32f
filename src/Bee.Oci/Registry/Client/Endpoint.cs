using System.Collections.Concurrent;
using System.Net;
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
        var backoff = new Backoff(Options);
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
        string? elsewhere = asked is null || RegistryHost.IsSameOrigin(asked, Transport.Base) ? null : asked.Authority;
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

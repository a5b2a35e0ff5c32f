using Bee.Oci.Registry.Transport;

namespace Bee.Oci.Registry.Client;

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
        return RegistryHost.IsSameOrigin(next, registry)
            ? next
            : throw new RegistryException(RegistryFault.Unsafe, $"{registry.Authority} continues a list at another host ({next.Authority}); Bee does not follow.");
    }

    /// <summary>An upload's address with the digest that ends it. What the registry put into the query stays as it is.</summary>
    public static Uri WithDigest(Uri location, string digest)
    {
        string address = location.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped);
        char last = address[^1];
        string separator = last is '?' or '&' ? "" : address.Contains('?') ? "&" : "?";
        return new Uri($"{address}{separator}digest={Uri.EscapeDataString(digest)}");
    }

    private static Uri Asked(HttpResponseMessage response, Uri registry) => response.RequestMessage?.RequestUri is { IsAbsoluteUri: true } asked ? asked : registry;

    private static Uri Resolve(string text, Uri asked, Uri registry)
    {
        // A path must not be read as a file name, which .NET does with one that stands alone.
        bool relative = text.StartsWith('/') || !text.Contains("://", StringComparison.Ordinal);
        if (!Uri.TryCreate(asked, text, out Uri? address) || (relative && !RegistryHost.IsSameOrigin(address, asked) && !text.StartsWith("//", StringComparison.Ordinal))
            || address.Scheme is not ("http" or "https") || address.Host.Length == 0)
        {
            // Not quoted: addresses of uploads may hold what opens them.
            throw new RegistryException(RegistryFault.BadAnswer, $"{registry.Authority} answers with an address that is none.");
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

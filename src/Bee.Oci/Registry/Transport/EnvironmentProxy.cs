using System.Net;

namespace Bee.Oci.Registry.Transport;

/// <summary>
/// The proxy of the variables http_proxy, https_proxy, all_proxy and no_proxy, also in upper case. They are read for each client, unlike in .NET, which
/// reads them once: a session may set them later. Loopback addresses never use the proxy.
/// </summary>
internal sealed class EnvironmentProxy : IWebProxy
{
    private readonly Uri? _http, _https;
    private readonly string[] _bypassed;

    private EnvironmentProxy(Uri? http, Uri? https, string[] bypassed) => (_http, _https, _bypassed) = (http, https, bypassed);

    /// <summary>The login for the proxy, from its URL.</summary>
    public ICredentials? Credentials { get; set; }

    /// <summary>Reads the variables; returns null if none is set.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Unreachable"/>: a variable is not the URL of a proxy.</exception>
    public static EnvironmentProxy? Read()
    {
        // Under CGI the header "Proxy" of a request becomes HTTP_PROXY, so that variable is ignored there.
        bool served = Environment.GetEnvironmentVariable("GATEWAY_INTERFACE") is not null;
        var credentials = new Logins();
        Uri? all = Address(credentials, "all_proxy", "ALL_PROXY");
        Uri? http = (served ? Address(credentials, "http_proxy") : Address(credentials, "http_proxy", "HTTP_PROXY")) ?? all;
        Uri? https = Address(credentials, "https_proxy", "HTTPS_PROXY") ?? all;
        if (http is null && https is null)
        {
            return null;
        }

        string bypassed = Value("no_proxy", "NO_PROXY") ?? "";
        return new EnvironmentProxy(http, https, bypassed.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            Credentials = credentials,
        };
    }

    /// <inheritdoc/>
    public Uri? GetProxy(Uri destination) => destination.Scheme == Uri.UriSchemeHttps ? _https : _http;

    /// <inheritdoc/>
    public bool IsBypassed(Uri host) => RegistryAddress.IsLoopback(host) || GetProxy(host) is null || _bypassed.Any(entry => Covers(entry, host));

    /// <summary>Matches an entry of no_proxy: *, a host with its subdomains, an address, or a network; hosts may have a port.</summary>
    private static bool Covers(string entry, Uri host)
    {
        if (entry == "*")
        {
            return true;
        }

        bool isAddress = IPAddress.TryParse(host.IdnHost, out IPAddress? address);
        if (entry.Contains('/', StringComparison.Ordinal))
        {
            return isAddress && IPNetwork.TryParse(entry, out IPNetwork network) && network.Contains(address!);
        }

        if (IPAddress.TryParse(entry, out IPAddress? one))
        {
            return isAddress && one.Equals(address);
        }

        int colon = entry.LastIndexOf(':');
        if (colon >= 0)
        {
            if (!int.TryParse(entry.AsSpan(colon + 1), out int port) || port != host.Port)
            {
                return false;
            }

            entry = entry[..colon];
        }

        string name = entry.TrimStart('*').TrimStart('.');
        return name.Length > 0 && (string.Equals(host.IdnHost, name, StringComparison.OrdinalIgnoreCase)
            || (!isAddress && host.IdnHost.EndsWith("." + name, StringComparison.OrdinalIgnoreCase)));
    }

    private static Uri? Address(Logins credentials, params string[] names)
    {
        if (Value(names) is not { } text)
        {
            return null;
        }

        // The value may hold a password, so no message repeats it.
        if (!Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text, UriKind.Absolute, out Uri? address)
            || address.Scheme is not ("http" or "https" or "socks4" or "socks4a" or "socks5") || address.Host.Length == 0
            // An unescaped slash in a password ends the host early, so parts of the login would become the host name.
            || address.PathAndQuery.Contains('@') || address.Fragment.Contains('@'))
        {
            throw new RegistryException(RegistryFault.Unreachable, $"The variable {names[0]} is not the address of a proxy.")
            {
                Remedy = "Set it like http://proxy.example:3128, or unset it.",
            };
        }

        var plain = new UriBuilder(address) { UserName = "", Password = "" };
        if (address.UserInfo.Split(':', 2) is { Length: > 0 } parts && parts[0].Length > 0)
        {
            var login = new NetworkCredential(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
            credentials.ByProxy[plain.Uri.Authority] = login;
        }

        return plain.Uri;
    }

    private static string? Value(params string[] names) =>
        names.Select(Environment.GetEnvironmentVariable).FirstOrDefault(value => !string.IsNullOrWhiteSpace(value))?.Trim();

    /// <summary>The logins by proxy, for any authentication scheme.</summary>
    private sealed class Logins : ICredentials
    {
        public Dictionary<string, NetworkCredential> ByProxy { get; } = new(StringComparer.OrdinalIgnoreCase);

        public NetworkCredential? GetCredential(Uri uri, string authType) => ByProxy.GetValueOrDefault(uri.Authority);
    }
}

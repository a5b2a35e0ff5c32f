using System.Net;
using Bee.Oci.Formats;

namespace Bee.Oci.Registry.Transport;

/// <summary>From a registry's name, as references have it, to the address of its API.</summary>
internal static class RegistryHost
{
    /// <summary>Docker's registry answers elsewhere than its name says.</summary>
    private const string DockerHub = "docker.io", DockerHubApi = "registry-1.docker.io";

    /// <summary>The address that paths of the API are relative to.</summary>
    /// <param name="host">Host and port: <c>ghcr.io</c>, <c>[::1]:5000</c>.</param>
    /// <param name="options">What was asked for.</param>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadName"/>: this is no host.</exception>
    public static Uri Api(string host, RegistryOptions options)
    {
        string asked = string.Equals(host, DockerHub, StringComparison.OrdinalIgnoreCase) ? DockerHubApi : host;
        if (asked.AsSpan().IndexOfAny("/\\@?# ") >= 0
            || !Uri.TryCreate($"https://{asked}/", UriKind.Absolute, out Uri? address) || address.PathAndQuery != "/" || address.Host.Length == 0)
        {
            throw new RegistryException(RegistryFault.BadName, $"'{Redaction.WithoutLogin(host)}' is no registry.")
            {
                Remedy = "Give a host and, where it needs one, a port: ghcr.io, localhost:5000, [::1]:5000.",
            };
        }

        // A certificate option says that this registry has one, also on this machine.
        bool secure = options.CACertificate is not null || options.SkipCertificateCheck;
        return options.PlainHttp || (!secure && IsLoopback(address)) ? new Uri($"http://{asked}/") : address;
    }

    /// <summary>Whether this is an address of this machine that no other machine can take part in.</summary>
    public static bool IsLoopback(Uri address) =>
        string.Equals(address.IdnHost, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(address.IdnHost, out IPAddress? ip) && IPAddress.IsLoopback(ip));

    /// <summary>Whether both are the same scheme, host and port: only then do credentials for one go to the other.</summary>
    public static bool IsSameOrigin(Uri one, Uri other) =>
        one.Scheme == other.Scheme && one.Port == other.Port
        && string.Equals(one.IdnHost, other.IdnHost, StringComparison.OrdinalIgnoreCase);
}

using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Bee.Oci.Registry.Transport;

/// <summary>Which certificates are believed, where it is not the system's decision alone.</summary>
internal sealed class ServerTrust
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Null: any certificate.</summary>
    private readonly X509Certificate2Collection? _authorities;

    private ServerTrust(X509Certificate2Collection? authorities) => _authorities = authorities;

    /// <summary>What the options ask for; null where the system decides.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Certificate"/>: the file cannot be read or holds none.</exception>
    public static ServerTrust? For(RegistryOptions options) =>
        options.SkipCertificateCheck ? new ServerTrust(null)
        : options.CACertificate is { } file ? new ServerTrust(Read(file))
        : null;

    /// <summary>Whether a server's certificate is believed.</summary>
    public bool Check(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (_authorities is null || errors == SslPolicyErrors.None)
        {
            return true;
        }

        // Only an unknown issuer is what further authorities can mend: not another name, nor no certificate at all.
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 server)
        {
            return false;
        }

        using var again = new X509Chain();
        again.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        again.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        again.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        again.ChainPolicy.DisableCertificateDownloads = true;
        again.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        foreach (X509ChainElement element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            again.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return again.Build(server);
    }

    private static X509Certificate2Collection Read(string file)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new RegistryException(RegistryFault.Certificate, $"The certificates in '{file}' cannot be read: {e.Message}", e);
        }

        return authorities.Count > 0
            ? authorities
            : throw new RegistryException(RegistryFault.Certificate, $"'{file}' holds no certificate in PEM.")
            {
                Remedy = "Give a file with the authority's certificate between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----.",
            };
    }
}

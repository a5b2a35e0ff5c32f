using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Bee.Registries;

/// <summary>
/// A certificate authority that the system does not trust, and a server certificate that it signed for <c>localhost</c>, 127.0.0.1 and ::1. Both are PEM files in a
/// temporary folder that disposing deletes.
/// </summary>
public sealed class TestAuthority : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bee-authority-");

    /// <summary>Creates both certificates with new keys.</summary>
    /// <param name="until">The expiry of the server's certificate; null for a month from now.</param>
    public TestAuthority(DateTimeOffset? until = null)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest("CN=Authority of the tests", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        rootRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        rootRequest.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(rootRequest.PublicKey, false));
        using X509Certificate2 root = rootRequest.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));

        using var serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", serverKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, true, false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 server = request.Create(root, now.AddDays(-1), until ?? now.AddDays(29), RandomNumberGenerator.GetBytes(16));

        File.WriteAllText(Certificate, root.ExportCertificatePem());
        File.WriteAllText(ServerCertificate, server.ExportCertificatePem());
        File.WriteAllText(ServerKey, serverKey.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The certificate of the authority, for clients to trust.</summary>
    public string Certificate => Path.Combine(_folder.FullName, "ca.crt");

    /// <summary>The server's certificate.</summary>
    public string ServerCertificate => Path.Combine(_folder.FullName, "server.crt");

    /// <summary>The server's private key, PKCS#8.</summary>
    public string ServerKey => Path.Combine(_folder.FullName, "server.key");

    /// <summary>Deletes the files.</summary>
    public void Dispose() => _folder.Delete(recursive: true);
}

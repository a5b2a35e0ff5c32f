using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bee.Posix;

namespace Bee.Telemetry.Serving;

/// <summary>Reads the certificate of a server.</summary>
internal static class ServerCertificate
{
    private const string Remedy = "Give a PEM file with the certificate and one with its key, or a PKCS#12 file with both.";

    /// <summary>Reads a certificate with its key and those of its authorities.</summary>
    /// <param name="options">Its files.</param>
    /// <returns>The certificate; null if the options name no file.</returns>
    /// <exception cref="MetricServerException"><see cref="MetricServerFault.InvalidCertificate"/>.</exception>
    public static SslStreamCertificateContext? Read(MetricServerOptions options)
    {
        if (options.CertificatePath is not { } path)
        {
            return options.KeyPath is null
                ? null
                : throw new MetricServerException(MetricServerFault.InvalidCertificate, $"The key '{options.KeyPath}' has no certificate.", Remedy);
        }

        try
        {
            var bytes = RegularFile.ReadAllBytes(path);
            return bytes.AsSpan().IndexOf("-----BEGIN "u8) >= 0
                ? ReadPem(Encoding.UTF8.GetString(bytes), options)
                : ReadPkcs12(bytes, options.CertificatePassword);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            var reason = exception is ArgumentException ? "the key belongs to another certificate." : exception.Message;
            throw new MetricServerException(MetricServerFault.InvalidCertificate, $"The certificate '{path}' cannot be used: {reason}", Remedy, exception);
        }
    }

    private static SslStreamCertificateContext ReadPem(string text, MetricServerOptions options)
    {
        var keyText = options.KeyPath is { } keyPath ? Encoding.UTF8.GetString(RegularFile.ReadAllBytes(keyPath)) : text;
        using var pem = options.CertificatePassword is { } password && keyText.Contains("ENCRYPTED", StringComparison.Ordinal)
            ? X509Certificate2.CreateFromEncryptedPem(text, keyText, password)
            : X509Certificate2.CreateFromPem(text, keyText);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(text);
        return SslStreamCertificateContext.Create(new X509Certificate2(pem), chain, offline: true);
    }

    private static SslStreamCertificateContext ReadPkcs12(byte[] bytes, string? password)
    {
        var all = new X509Certificate2Collection();
        all.Import(bytes, password, X509KeyStorageFlags.EphemeralKeySet);
        var own = all.FirstOrDefault(static certificate => certificate.HasPrivateKey) ?? throw new CryptographicException("it has no private key.");
        return SslStreamCertificateContext.Create(own, all, offline: true);
    }
}

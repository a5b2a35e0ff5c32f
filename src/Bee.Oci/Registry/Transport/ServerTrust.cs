using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Bee.Posix;

namespace Bee.Oci.Registry.Transport;

/// <summary>Validates server certificates, and records why one was rejected.</summary>
internal sealed class ServerTrust
{
    private const int LargestFile = 16 << 20;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly ConcurrentDictionary<string, CertificateRefusal> _refusals = new(StringComparer.OrdinalIgnoreCase);
    private readonly bool _takesAny;
    private readonly string? _file;
    private readonly X509Certificate2Collection? _authorities;

    /// <summary>Reads the certificate authorities of the options.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Certificate"/>: the file with authorities cannot be read, or is empty.</exception>
    public ServerTrust(RegistryOptions options)
    {
        _takesAny = options.SkipCertificateCheck;
        if (!_takesAny && options.CACertificate is { } file)
        {
            _file = file;
            _authorities = Read(file);
        }
    }

    /// <summary>Returns the reason of the last rejection for a host; null for none.</summary>
    public CertificateRefusal? Refusal(Uri address) => _refusals.GetValueOrDefault(address.IdnHost);

    /// <summary>Validates a server's certificate.</summary>
    public bool Check(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (_takesAny || errors == SslPolicyErrors.None)
        {
            return true;
        }

        var server = certificate as X509Certificate2;
        X509ChainStatusFlags flaws = Flaws(chain);

        // Additional authorities can only fix an unknown issuer, not a wrong name or a missing certificate.
        if (_authorities is not null && server is not null && errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            flaws = FlawsWith(_authorities, server, chain);
            if (flaws == X509ChainStatusFlags.NoError && errors == SslPolicyErrors.RemoteCertificateChainErrors)
            {
                return true;
            }
        }

        if (sender is SslStream stream)
        {
            _refusals[stream.TargetHostName] = CertificateRefusal.From(server, stream.TargetHostName, errors, flaws, _file);
        }

        return false;
    }

    private static X509ChainStatusFlags FlawsWith(X509Certificate2Collection authorities, X509Certificate2 server, X509Chain? chain)
    {
        using var again = new X509Chain();
        again.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        again.ChainPolicy.CustomTrustStore.AddRange(authorities);
        again.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        again.ChainPolicy.DisableCertificateDownloads = true;
        again.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        foreach (X509ChainElement element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            again.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        // A rejected chain has a flaw, even if its status does not name one.
        return again.Build(server) ? X509ChainStatusFlags.NoError
            : Flaws(again) is var flaws and not X509ChainStatusFlags.NoError ? flaws
            : X509ChainStatusFlags.PartialChain;
    }

    private static X509ChainStatusFlags Flaws(X509Chain? chain) =>
        (chain?.ChainStatus ?? []).Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);

    private static X509Certificate2Collection Read(string file)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPem(RegularFile.ReadAllText(file, LargestFile));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new RegistryException(RegistryFault.Certificate, $"The certificates in '{file}' cannot be read: {e.Message}", e);
        }

        return authorities.Count > 0
            ? authorities
            : throw new RegistryException(RegistryFault.Certificate, $"'{file}' contains no certificate in PEM.")
            {
                Remedy = "Use a file with the authority's certificate between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----.",
            };
    }
}

/// <summary>The rejection of a server's certificate.</summary>
/// <param name="Reason">The reason; continues "The certificate is not trusted:".</param>
/// <param name="Remedy">The remedy.</param>
internal sealed record CertificateRefusal(string Reason, string Remedy)
{
    private const X509ChainStatusFlags UnknownIssuer = X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot;

    // The most names to show; a certificate may list any number.
    private const int MostNames = 5;

    /// <summary>Describes the errors of a certificate.</summary>
    /// <param name="certificate">The certificate; null if the server sent none.</param>
    /// <param name="host">The requested host.</param>
    /// <param name="errors">The errors.</param>
    /// <param name="flaws">The errors of the certificate chain.</param>
    /// <param name="authorities">The file with additional authorities; null for none.</param>
    public static CertificateRefusal From(X509Certificate2? certificate, string host, SslPolicyErrors errors, X509ChainStatusFlags flaws, string? authorities)
    {
        var reasons = new List<string>();
        var remedies = new List<string>();
        void Add(string reason, string remedy)
        {
            reasons.Add(reason);
            remedies.Add(remedy);
        }

        if (certificate is null)
        {
            return new("the server does not send one", "Check that the host and port belong to a registry.");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            Add($"it is for {Names(certificate)}, not for {host}", "Use the name in the certificate for the registry.");
        }

        if (flaws.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            Add(Time(certificate), "Check this machine's clock. If it is right, ask the registry's operator to renew the certificate.");
        }

        if ((flaws & UnknownIssuer) != 0)
        {
            Add(
                $"this machine does not trust its issuer, {TerminalText.Clean(certificate.Issuer)}",
                authorities is null
                    ? "Add the certificate of the authority that issued it."
                    : $"'{authorities}' does not contain the certificate of the authority that issued it. Add it.");
        }

        X509ChainStatusFlags others = flaws & ~UnknownIssuer & ~X509ChainStatusFlags.NotTimeValid;
        if (others != 0 || reasons.Count == 0)
        {
            Add(others != 0 ? others.ToString() : errors.ToString(), "Ask the registry's operator.");
        }

        return new(string.Join("; ", reasons), string.Join(' ', remedies));
    }

    private static string Time(X509Certificate2 certificate) =>
        certificate.NotAfter < DateTime.Now ? $"it expired on {Day(certificate.NotAfter)}"
        : certificate.NotBefore > DateTime.Now ? $"it is not valid before {Day(certificate.NotBefore)}"
        : "one of its issuers' certificates has expired, or is not yet valid";

    private static string Day(DateTime time) => time.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private static string Names(X509Certificate2 certificate)
    {
        string[] names =
        [
            .. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
                .SelectMany(extension => extension.EnumerateDnsNames().Concat(extension.EnumerateIPAddresses().Select(address => address.ToString())))
                .Take(MostNames + 1),
        ];
        return names.Length == 0 ? TerminalText.Clean(certificate.Subject)
            : TerminalText.Clean(string.Join(", ", names.Take(MostNames))) + (names.Length > MostNames ? " and others" : "");
    }
}

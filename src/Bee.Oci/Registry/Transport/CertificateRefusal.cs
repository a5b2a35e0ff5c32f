using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Bee.Posix;

namespace Bee.Oci.Registry.Transport;

/// <summary>Why a server's certificate is not believed, and what to do about it.</summary>
/// <param name="Reason">As it continues "The certificate is not trusted:".</param>
/// <param name="Remedy">What to do.</param>
internal sealed record CertificateRefusal(string Reason, string Remedy)
{
    private const X509ChainStatusFlags UnknownIssuer = X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot;

    // A certificate may list any number.
    private const int MostNames = 5;

    /// <summary>Puts into words what was found wrong.</summary>
    /// <param name="certificate">The certificate; null where the server showed none.</param>
    /// <param name="host">The host that was asked for.</param>
    /// <param name="errors">What is wrong.</param>
    /// <param name="flaws">What is wrong with its chain of issuers.</param>
    /// <param name="authorities">The file with further authorities; null where there is none.</param>
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
            return new("the server shows none", "Check that it is a registry that answers there.");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            Add($"it is for {Names(certificate)}, and not for {host}", "Name the registry as its certificate does.");
        }

        if (flaws.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            Add(Time(certificate), "Look at this machine's clock; if that is right, the registry's operator has to renew the certificate.");
        }

        if ((flaws & UnknownIssuer) != 0)
        {
            Add(
                $"nobody that this machine trusts has issued it ({TerminalText.Clean(certificate.Issuer)} has)",
                authorities is null
                    ? "Give the certificate of the authority that issued it with -CACertificate."
                    : $"'{authorities}' does not have the authority that issued it; give that one's certificate with -CACertificate.");
        }

        X509ChainStatusFlags others = flaws & ~UnknownIssuer & ~X509ChainStatusFlags.NotTimeValid;
        if (others != 0 || reasons.Count == 0)
        {
            Add(others != 0 ? others.ToString() : errors.ToString(), "The registry's operator has to look at it.");
        }

        return new(string.Join("; ", reasons), $"{string.Join(' ', remedies)} -SkipCertificateCheck takes any certificate.");
    }

    private static string Time(X509Certificate2 certificate) =>
        certificate.NotAfter < DateTime.Now ? $"it expired on {Day(certificate.NotAfter)}"
        : certificate.NotBefore > DateTime.Now ? $"it is not valid before {Day(certificate.NotBefore)}"
        : "one of its issuers' certificates has expired, or is not valid yet";

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

using System.Formats.Asn1;
using System.Security.Cryptography;
using Bee.Oci.Formats;
using Bee.Oci.Signatures.Keys;
using Bee.Posix;

namespace Bee.Oci.Signatures;

/// <summary>A public key: ECDSA on P-256, P-384 or P-521, RSA, or Ed25519. Safe to use from any thread.</summary>
public sealed class VerificationKey
{
    private const int ShownDigits = 12;

    private readonly PublicKey _key;

    internal VerificationKey(PublicKey key, string? name)
    {
        _key = key;
        Name = name;
        SubjectPublicKeyInfo = key.SubjectPublicKeyInfo;
        KeyId = ContentDigest.Of(SubjectPublicKeyInfo).Hex;
    }

    /// <summary>SHA-256 of the key's SubjectPublicKeyInfo (DER), as 64 lower-case hexadecimal digits: the same whatever the file looks like.
    /// <c>openssl pkey -pubin -in KEY -outform DER | sha256sum</c> gives it too.</summary>
    public string KeyId { get; }

    /// <summary>Where the key was read from; null if nobody said.</summary>
    public string? Name { get; }

    /// <summary>The algorithm for people: <c>ECDSA P-256</c>, <c>RSA 3072</c>, <c>Ed25519</c>.</summary>
    public string Algorithm => _key.Algorithm;

    internal byte[] SubjectPublicKeyInfo { get; }

    /// <summary>Reads a public key.</summary>
    /// <param name="pem">PEM text with one <c>PUBLIC KEY</c> (SubjectPublicKeyInfo, RFC 7468), such as cosign.pub.</param>
    /// <param name="algorithms">What .NET lacks.</param>
    /// <param name="name">Where the text comes from, for people: a file's path.</param>
    /// <exception cref="SignatureException"><see cref="SignatureFault.BadKey"/> or <see cref="SignatureFault.UnsupportedKey"/>.</exception>
    public static VerificationKey Read(string pem, IKeyAlgorithms algorithms, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(pem);
        ArgumentNullException.ThrowIfNull(algorithms);
        string where = name is null ? "The key" : $"The key '{name}'";
        var text = PemText.Read(pem, where);
        switch (text.Label)
        {
            case "PUBLIC KEY":
                return FromDer(text.Content, algorithms, where, name);
            case "RSA PUBLIC KEY":
                throw new SignatureException(
                    SignatureFault.UnsupportedKey, $"{where} is an RSA key in the form of PKCS #1. Convert it: openssl rsa -RSAPublicKey_in -in FILE -pubout -out NEW.");
            case "CERTIFICATE" or "TRUSTED CERTIFICATE":
                throw new SignatureException(
                    SignatureFault.BadKey, $"{where} is a certificate, and Bee verifies with keys. Take the key out of it: openssl x509 -in FILE -noout -pubkey.");
            case { } label when label.EndsWith("PRIVATE KEY", StringComparison.Ordinal):
                CryptographicOperations.ZeroMemory(text.Content);
                throw new SignatureException(
                    SignatureFault.BadKey, $"{where} is a private key. To verify takes the public one (cosign.pub beside cosign.key), and nobody who verifies should have the other.");
            default:
                throw new SignatureException(SignatureFault.BadKey, $"{where} is no public key: its PEM says '{TerminalText.Clean(text.Label)}'.");
        }
    }

    /// <summary>Whether a signature over some data was made with this key's private half. Never throws for what a signature holds.</summary>
    /// <param name="data">What was signed, not its hash.</param>
    /// <param name="signature">ECDSA as ASN.1 (RFC 3279), RSA as PKCS #1 v1.5 with SHA-256, Ed25519 pure or prehashed.</param>
    public bool Verify(byte[] data, byte[] signature)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(signature);
        return _key.Verify(data, signature);
    }

    /// <summary>The algorithm, where the key is from, and the beginning of its id.</summary>
    public override string ToString() => $"{Algorithm} {KeyId[..ShownDigits]}{(Name is null ? "" : $" ({Name})")}";

    internal static VerificationKey FromDer(byte[] der, IKeyAlgorithms algorithms, string where, string? name)
    {
        try
        {
            return new VerificationKey(KeyInfo.ReadPublic(der, algorithms, where), name);
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException)
        {
            throw new SignatureException(SignatureFault.BadKey, $"{where} is damaged: {e.Message}", e);
        }
    }
}

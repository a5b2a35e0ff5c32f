using System.Formats.Asn1;
using System.Security.Cryptography;
using Bee.Oci.Formats;
using Bee.Oci.Signatures.Keys;
using Bee.Posix;

namespace Bee.Oci.Signatures;

/// <summary>A private key that signs images. ToString shows no secret.</summary>
public sealed class SigningKey : IDisposable
{
    private const string Pkcs8Label = "PRIVATE KEY";
    private const string EncryptedPkcs8Label = "ENCRYPTED PRIVATE KEY";

    private readonly ISigner _signer;

    private SigningKey(ISigner signer, VerificationKey publicKey) => (_signer, PublicKey) = (signer, publicKey);

    /// <summary>The public key.</summary>
    public VerificationKey PublicKey { get; }

    /// <summary>Reports whether reading the key requires a password. Returns false for text that is not a key.</summary>
    /// <param name="pem">PEM text.</param>
    public static bool NeedsPassword(string pem)
    {
        ArgumentNullException.ThrowIfNull(pem);
        return PemEncoding.TryFind(pem, out PemFields fields) && IsEncrypted(pem[fields.Label]);
    }

    /// <summary>Reads a private key: PKCS #8, PKCS #1 or SEC 1, PKCS #8 with a password, or cosign's encrypted form
    /// (<c>ENCRYPTED SIGSTORE PRIVATE KEY</c>, <c>ENCRYPTED COSIGN PRIVATE KEY</c>: scrypt and NaCl's secretbox).</summary>
    /// <param name="pem">PEM text with one private key.</param>
    /// <param name="password">The password in UTF-8; null for none, which differs from an empty one. Not kept.</param>
    /// <param name="algorithms">Ed25519, scrypt and secretbox, such as <c>Bee.Oci.Keys.KeyAlgorithms</c>; null rejects keys that need them.</param>
    /// <param name="name">The file of the key, for messages.</param>
    /// <exception cref="SignatureException">The key cannot be read or is not supported, or the password is missing or wrong.</exception>
    public static SigningKey Read(string pem, byte[]? password = null, IKeyAlgorithms? algorithms = null, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(pem);
        algorithms ??= MissingAlgorithms.Instance;
        string where = name is null ? "The private key" : $"The private key '{name}'";
        var text = PemText.Read(pem, where);
        byte[] opened = text.Content;
        try
        {
            if (IsEncrypted(text.Label))
            {
                opened = Decrypt(text, password ?? throw new SignatureException(
                    SignatureFault.PasswordNeeded, $"{where} is encrypted, and no password was given."), algorithms, where);
            }

            (byte[] publicKey, ISigner signer) = Open(text.Label, opened, algorithms, where);
            return new SigningKey(signer, VerificationKey.FromDer(publicKey, algorithms, where, name));
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException)
        {
            throw new SignatureException(SignatureFault.BadKey, $"{where} is damaged: {e.Message}", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(opened);
        }
    }

    /// <summary>Signs data.</summary>
    /// <param name="data">The data, not its hash.</param>
    /// <returns>ECDSA as ASN.1 (RFC 3279), RSA as PKCS #1 v1.5, both with SHA-256; Ed25519 pure.</returns>
    public byte[] Sign(byte[] data)
    {
        ArgumentNullException.ThrowIfNull(data);
        lock (_signer)
        {
            return _signer.Sign(data);
        }
    }

    /// <summary>Releases the key.</summary>
    public void Dispose() => _signer.Dispose();

    /// <summary>Returns the algorithm and id of the public key.</summary>
    public override string ToString() => PublicKey.ToString();

    private static bool IsEncrypted(string label) => label is EncryptedPkcs8Label or "ENCRYPTED SIGSTORE PRIVATE KEY" or "ENCRYPTED COSIGN PRIVATE KEY";

    private static byte[] Decrypt(PemText text, byte[] password, IKeyAlgorithms algorithms, string where) => text.Label == EncryptedPkcs8Label
        ? EncryptedPkcs8.Open(text.Content, password, algorithms, where)
        : EncryptedKey.Open(text.Content, password, algorithms, where);

    private static (byte[] PublicKey, ISigner Signer) Open(string label, byte[] der, IKeyAlgorithms algorithms, string where)
    {
        switch (label)
        {
            case "EC PRIVATE KEY":
                var ecdsa = ECDsa.Create();
                ecdsa.ImportECPrivateKey(der, out _);
                return KeyInfo.Signing(ecdsa, where);
            case "RSA PRIVATE KEY":
                var rsa = RSA.Create();
                rsa.ImportRSAPrivateKey(der, out _);
                return KeyInfo.Signing(rsa, where);
            case "OPENSSH PRIVATE KEY":
                throw new SignatureException(
                    SignatureFault.UnsupportedKey, $"{where} is in OpenSSH's form. Convert a copy of it: ssh-keygen -p -m PKCS8 -f COPY.");
            case "PUBLIC KEY" or "RSA PUBLIC KEY" or "CERTIFICATE":
                throw new SignatureException(SignatureFault.BadKey, $"{where} is public. Signing requires the private key (cosign.key beside cosign.pub).");
            default:
                return label == Pkcs8Label || IsEncrypted(label) ? KeyInfo.ReadPrivate(der, algorithms, where) : throw new SignatureException(SignatureFault.BadKey, $"{where} is not a private key: its PEM label is '{TerminalText.Clean(label)}'.");
        }
    }
}

/// <summary>A public key: ECDSA on P-256, P-384 or P-521, RSA, or Ed25519. Safe from any thread.</summary>
public sealed class VerificationKey
{
    private const int ShownDigits = 12;

    private readonly PublicKey _key;

    internal VerificationKey(PublicKey key, string? name)
    {
        _key = key;
        Name = name;
        SubjectPublicKeyInfo = key.SubjectPublicKeyInfo;
        KeyId = Digest.Of(SubjectPublicKeyInfo).Hex;
    }

    /// <summary>The SHA-256 of the key's SubjectPublicKeyInfo (DER), as 64 lower-case hexadecimal digits, as printed by
    /// <c>openssl pkey -pubin -in KEY -outform DER | sha256sum</c>.</summary>
    public string KeyId { get; }

    /// <summary>The name of the key's file; null if unknown.</summary>
    public string? Name { get; }

    /// <summary>The algorithm for messages: <c>ECDSA P-256</c>, <c>RSA 3072</c>, <c>Ed25519</c>.</summary>
    public string Algorithm => _key.Algorithm;

    internal byte[] SubjectPublicKeyInfo { get; }

    /// <summary>Reads a public key.</summary>
    /// <param name="pem">PEM text with one <c>PUBLIC KEY</c> (SubjectPublicKeyInfo, RFC 7468), such as cosign.pub.</param>
    /// <param name="algorithms">Ed25519, such as <c>Bee.Oci.Keys.KeyAlgorithms</c>; null rejects keys that need it.</param>
    /// <param name="name">The file of the key, for messages.</param>
    /// <exception cref="SignatureException">The key cannot be read (<see cref="SignatureFault.BadKey"/>), or its algorithm is not supported (<see cref="SignatureFault.UnsupportedKey"/>).</exception>
    public static VerificationKey Read(string pem, IKeyAlgorithms? algorithms = null, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(pem);
        algorithms ??= MissingAlgorithms.Instance;
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
                    SignatureFault.BadKey, $"{where} is a certificate, but a public key is required. Extract it: openssl x509 -in FILE -noout -pubkey.");
            case { } label when label.EndsWith("PRIVATE KEY", StringComparison.Ordinal):
                CryptographicOperations.ZeroMemory(text.Content);
                throw new SignatureException(
                    SignatureFault.BadKey, $"{where} is a private key. Verification requires the public key (cosign.pub beside cosign.key).");
            default:
                throw new SignatureException(SignatureFault.BadKey, $"{where} is not a public key: its PEM label is '{TerminalText.Clean(text.Label)}'.");
        }
    }

    /// <summary>Reports whether a signature was made with this key's private half. Never throws for malformed signatures.</summary>
    /// <param name="data">The signed data, not its hash.</param>
    /// <param name="signature">ECDSA as ASN.1 (RFC 3279), RSA as PKCS #1 v1.5 with SHA-256, Ed25519 pure or prehashed.</param>
    public bool Verify(byte[] data, byte[] signature)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(signature);
        return _key.Verify(data, signature);
    }

    /// <summary>Returns the algorithm, the beginning of the id, and the name.</summary>
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

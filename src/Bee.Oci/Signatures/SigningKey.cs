namespace Bee.Oci.Signatures;

/// <summary>A private key to sign images with. Its text form shows nothing secret.</summary>
public sealed class SigningKey : IDisposable
{
    private SigningKey()
    {
    }

    /// <summary>Whether the key is encrypted, so that reading it takes a password.</summary>
    /// <param name="pem">PEM text.</param>
    public static bool NeedsPassword(string pem) => throw new NotImplementedException();

    /// <summary>Reads a private key: PKCS #8, PKCS #1 or SEC 1 as they are, PKCS #8 with a password, or cosign's encrypted form
    /// (<c>ENCRYPTED SIGSTORE PRIVATE KEY</c>, <c>ENCRYPTED COSIGN PRIVATE KEY</c>: scrypt and NaCl's secretbox).</summary>
    /// <param name="pem">PEM text with one private key.</param>
    /// <param name="password">The password in UTF-8; null for none. Not kept.</param>
    /// <param name="algorithms">What .NET lacks.</param>
    /// <param name="name">Where the text comes from, for people: a file's path.</param>
    /// <exception cref="SignatureException">The key cannot be read, is of a kind that Bee does not sign with, or the password is missing or wrong.</exception>
    public static SigningKey Read(string pem, byte[]? password, IKeyAlgorithms algorithms, string? name = null) => throw new NotImplementedException();

    /// <summary>The public half.</summary>
    public VerificationKey PublicKey => throw new NotImplementedException();

    /// <summary>Signs.</summary>
    /// <param name="data">What to sign, not its hash.</param>
    /// <returns>ECDSA as ASN.1 (RFC 3279), RSA as PKCS #1 v1.5 with SHA-256, Ed25519 pure.</returns>
    public byte[] Sign(byte[] data) => throw new NotImplementedException();

    /// <summary>Forgets the key.</summary>
    public void Dispose() => throw new NotImplementedException();
}

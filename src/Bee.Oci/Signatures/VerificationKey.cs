namespace Bee.Oci.Signatures;

/// <summary>A public key: ECDSA on P-256, P-384 or P-521, RSA, or Ed25519.</summary>
public sealed class VerificationKey
{
    /// <summary>Reads a public key.</summary>
    /// <param name="pem">PEM text with one <c>PUBLIC KEY</c> (SubjectPublicKeyInfo, RFC 7468), such as cosign.pub.</param>
    /// <param name="algorithms">What .NET lacks.</param>
    /// <param name="name">Where the text comes from, for people: a file's path.</param>
    /// <exception cref="SignatureException"><see cref="SignatureFault.BadKey"/> or <see cref="SignatureFault.UnsupportedKey"/>.</exception>
    public static VerificationKey Read(string pem, IKeyAlgorithms algorithms, string? name = null) => throw new NotImplementedException();

    /// <summary>SHA-256 of the key's SubjectPublicKeyInfo (DER), as 64 lower-case hexadecimal digits: the same whatever the file looks like.</summary>
    public string KeyId => throw new NotImplementedException();

    /// <summary>Where the key was read from; null if nobody said.</summary>
    public string? Name => throw new NotImplementedException();

    /// <summary>The algorithm for people: <c>ECDSA P-256</c>, <c>RSA 3072</c>, <c>Ed25519</c>.</summary>
    public string Algorithm => throw new NotImplementedException();

    /// <summary>Whether a signature over some data was made with this key's private half. Never throws for what a signature holds.</summary>
    /// <param name="data">What was signed, not its hash.</param>
    /// <param name="signature">ECDSA as ASN.1 (RFC 3279), RSA as PKCS #1 v1.5 with SHA-256, Ed25519 pure or prehashed.</param>
    public bool Verify(byte[] data, byte[] signature) => throw new NotImplementedException();

    /// <summary>The algorithm, where the key is from, and the beginning of its id.</summary>
    public override string ToString() => throw new NotImplementedException();
}

using System.Security.Cryptography;

namespace Bee.Oci.Signatures.Keys;

/// <summary>A public key of one algorithm.</summary>
internal abstract class PublicKey
{
    /// <summary>The name of the algorithm, for messages.</summary>
    public abstract string Algorithm { get; }

    /// <summary>The key as DER. Equal keys have equal bytes.</summary>
    public abstract byte[] SubjectPublicKeyInfo { get; }

    /// <summary>Reports whether a signature is valid. Any bytes are allowed.</summary>
    public abstract bool Verify(byte[] data, byte[] signature);
}

/// <summary>An ECDSA key.</summary>
internal sealed class EcdsaPublicKey(ECDsa key) : PublicKey
{
    // cosign 2 uses SHA-256 on every curve, cosign 3 the hash that matches the curve.
    private readonly HashAlgorithmName[] _hashes = key.KeySize switch
    {
        384 => [HashAlgorithmName.SHA256, HashAlgorithmName.SHA384],
        521 => [HashAlgorithmName.SHA256, HashAlgorithmName.SHA512],
        _ => [HashAlgorithmName.SHA256],
    };

    public override string Algorithm => $"ECDSA P-{key.KeySize}";

    public override byte[] SubjectPublicKeyInfo { get; } = key.ExportSubjectPublicKeyInfo();

    public override bool Verify(byte[] data, byte[] signature)
    {
        try
        {
            lock (key)
            {
                return _hashes.Any(hash => key.VerifyData(data, signature, hash, DSASignatureFormat.Rfc3279DerSequence));
            }
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}

/// <summary>An RSA key. Signatures use PKCS #1 v1.5 and SHA-256, as cosign's do.</summary>
internal sealed class RsaPublicKey(RSA key) : PublicKey
{
    public override string Algorithm => $"RSA {key.KeySize}";

    public override byte[] SubjectPublicKeyInfo { get; } = key.ExportSubjectPublicKeyInfo();

    public override bool Verify(byte[] data, byte[] signature)
    {
        try
        {
            lock (key)
            {
                return key.VerifyData(data, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            }
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}

/// <summary>An Ed25519 key. cosign 2 signs in the pure form, cosign 3 in the prehashed one.</summary>
internal sealed class Ed25519PublicKey(byte[] key, IKeyAlgorithms algorithms) : PublicKey
{
    public override string Algorithm => "Ed25519";

    public override byte[] SubjectPublicKeyInfo { get; } = KeyInfo.Ed25519(key);

    public override bool Verify(byte[] data, byte[] signature) =>
        algorithms.VerifyEd25519(key, data, signature, prehashed: false) || algorithms.VerifyEd25519(key, data, signature, prehashed: true);
}

/// <summary>Signs with a private key.</summary>
internal interface ISigner : IDisposable
{
    byte[] Sign(byte[] data);
}

/// <summary>Signs with ECDSA and SHA-256 on every curve, which cosign 2 and 3 both accept.</summary>
internal sealed class EcdsaSigner(ECDsa key) : ISigner
{
    public byte[] Sign(byte[] data) => key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    public void Dispose() => key.Dispose();
}

/// <summary>Signs with RSA, PKCS #1 v1.5 and SHA-256.</summary>
internal sealed class RsaSigner(RSA key) : ISigner
{
    public byte[] Sign(byte[] data) => key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    public void Dispose() => key.Dispose();
}

/// <summary>Signs with Ed25519 in its pure form, the only one that cosign 2 and 3 both verify.</summary>
internal sealed class Ed25519Signer(byte[] seed, IKeyAlgorithms algorithms) : ISigner
{
    public byte[] Sign(byte[] data) => algorithms.SignEd25519(seed, data);

    public void Dispose() => CryptographicOperations.ZeroMemory(seed);
}

/// <summary>Key algorithms that .NET lacks. Implementations must be safe from any thread.</summary>
public interface IKeyAlgorithms
{
    /// <summary>Reports whether an Ed25519 signature (RFC 8032) is valid.</summary>
    /// <param name="publicKey">32 bytes.</param>
    /// <param name="data">The signed data.</param>
    /// <param name="signature">The signature. Any bytes are allowed.</param>
    /// <param name="prehashed">True for Ed25519ph with an empty context (RFC 8032, section 5.1), false for the pure form.</param>
    bool VerifyEd25519(byte[] publicKey, byte[] data, byte[] signature, bool prehashed);

    /// <summary>Signs with Ed25519 in its pure form (RFC 8032).</summary>
    /// <param name="seed">The private key, 32 bytes.</param>
    /// <param name="data">The data to sign.</param>
    /// <returns>64 bytes.</returns>
    byte[] SignEd25519(byte[] seed, byte[] data);

    /// <summary>Returns the public key of an Ed25519 private key.</summary>
    /// <param name="seed">The private key, 32 bytes.</param>
    /// <returns>32 bytes.</returns>
    byte[] Ed25519PublicKey(byte[] seed);

    /// <summary>Reports whether bytes are an Ed25519 public key in the curve's large subgroup. For other points, anyone could forge signatures.</summary>
    /// <param name="publicKey">Any bytes.</param>
    bool IsEd25519PublicKey(byte[] publicKey);

    /// <summary>Derives a key from a password (scrypt, RFC 7914).</summary>
    /// <param name="password">The password.</param>
    /// <param name="salt">The salt.</param>
    /// <param name="cost">N, a power of two.</param>
    /// <param name="blockSize">r.</param>
    /// <param name="parallelization">p.</param>
    /// <param name="length">The length of the key in bytes.</param>
    byte[] Scrypt(byte[] password, byte[] salt, int cost, int blockSize, int parallelization, int length);

    /// <summary>Decrypts a NaCl secretbox (XSalsa20 and Poly1305).</summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="nonce">24 bytes.</param>
    /// <param name="box">The authenticator (16 bytes), followed by the ciphertext.</param>
    /// <returns>The plaintext; null if the key is wrong or the box was changed.</returns>
    byte[]? OpenSecretBox(byte[] key, byte[] nonce, byte[] box);
}

/// <summary>Rejects keys that need an algorithm which the caller did not supply.</summary>
internal sealed class MissingAlgorithms : IKeyAlgorithms
{
    /// <summary>The only instance.</summary>
    public static MissingAlgorithms Instance { get; } = new();

    public bool VerifyEd25519(byte[] publicKey, byte[] data, byte[] signature, bool prehashed) => throw Missing("Ed25519");

    public byte[] SignEd25519(byte[] seed, byte[] data) => throw Missing("Ed25519");

    public byte[] Ed25519PublicKey(byte[] seed) => throw Missing("Ed25519");

    public bool IsEd25519PublicKey(byte[] publicKey) => throw Missing("Ed25519");

    public byte[] Scrypt(byte[] password, byte[] salt, int cost, int blockSize, int parallelization, int length) => throw Missing("scrypt");

    public byte[]? OpenSecretBox(byte[] key, byte[] nonce, byte[] box) => throw Missing("NaCl's secretbox");

    private static SignatureException Missing(string algorithm) =>
        new(SignatureFault.UnsupportedKey, $"The key needs {algorithm}, which .NET does not have. Pass an implementation of IKeyAlgorithms, such as that of the package Bee.Oci.Keys.");
}

using System.Security.Cryptography;

namespace Bee.Oci.Signatures.Keys;

/// <summary>A public key of one algorithm.</summary>
internal abstract class PublicKey
{
    /// <summary>The algorithm for people.</summary>
    public abstract string Algorithm { get; }

    /// <summary>The key as DER, always the same for the same key.</summary>
    public abstract byte[] SubjectPublicKeyInfo { get; }

    /// <summary>Whether the signature is right; any bytes may be asked.</summary>
    public abstract bool Verify(byte[] data, byte[] signature);
}

/// <summary>ECDSA.</summary>
internal sealed class EcdsaPublicKey(ECDsa key) : PublicKey
{
    // cosign signs with SHA-256 on every curve; its version 3 takes the hash that fits the curve.
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

/// <summary>RSA with PKCS #1 v1.5 and SHA-256, the only way in which cosign uses it.</summary>
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

/// <summary>Ed25519, pure or prehashed: cosign 2 signs in the one form, cosign 3 in the other.</summary>
internal sealed class Ed25519PublicKey(byte[] key, IKeyAlgorithms algorithms) : PublicKey
{
    public override string Algorithm => "Ed25519";

    public override byte[] SubjectPublicKeyInfo { get; } = KeyInfo.Ed25519(key);

    public override bool Verify(byte[] data, byte[] signature) =>
        algorithms.VerifyEd25519(key, data, signature, prehashed: false) || algorithms.VerifyEd25519(key, data, signature, prehashed: true);
}

/// <summary>Signs with a private key that it holds.</summary>
internal interface ISigner : IDisposable
{
    byte[] Sign(byte[] data);
}

/// <summary>ECDSA with SHA-256 on every curve, which cosign 2 and 3 both accept.</summary>
internal sealed class EcdsaSigner(ECDsa key) : ISigner
{
    public byte[] Sign(byte[] data) => key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    public void Dispose() => key.Dispose();
}

/// <summary>RSA with PKCS #1 v1.5 and SHA-256.</summary>
internal sealed class RsaSigner(RSA key) : ISigner
{
    public byte[] Sign(byte[] data) => key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    public void Dispose() => key.Dispose();
}

/// <summary>Ed25519 in its pure form, the only one that cosign 2 and 3 both verify.</summary>
internal sealed class Ed25519Signer(byte[] seed, IKeyAlgorithms algorithms) : ISigner
{
    public byte[] Sign(byte[] data) => algorithms.SignEd25519(seed, data);

    public void Dispose() => CryptographicOperations.ZeroMemory(seed);
}

/// <summary>The algorithms of signing keys that .NET does not have. All members take and give plain bytes, and are safe to call on any thread.</summary>
public interface IKeyAlgorithms
{
    /// <summary>Whether an Ed25519 signature (RFC 8032) is right.</summary>
    /// <param name="publicKey">32 bytes.</param>
    /// <param name="data">What was signed.</param>
    /// <param name="signature">The signature; any bytes.</param>
    /// <param name="prehashed">True for Ed25519ph with an empty context (RFC 8032, section 5.1), false for the pure form.</param>
    bool VerifyEd25519(byte[] publicKey, byte[] data, byte[] signature, bool prehashed);

    /// <summary>Signs with Ed25519 in its pure form (RFC 8032).</summary>
    /// <param name="seed">The private key, 32 bytes.</param>
    /// <param name="data">What to sign.</param>
    /// <returns>64 bytes.</returns>
    byte[] SignEd25519(byte[] seed, byte[] data);

    /// <summary>The public key of an Ed25519 private key.</summary>
    /// <param name="seed">The private key, 32 bytes.</param>
    /// <returns>32 bytes.</returns>
    byte[] Ed25519PublicKey(byte[] seed);

    /// <summary>Whether the bytes are an Ed25519 public key that only its owner can sign for: a point of the curve's large group.</summary>
    /// <param name="publicKey">Any bytes.</param>
    bool IsEd25519PublicKey(byte[] publicKey);

    /// <summary>A key made of a password (scrypt, RFC 7914).</summary>
    /// <param name="password">The password.</param>
    /// <param name="salt">The salt.</param>
    /// <param name="cost">N, a power of two.</param>
    /// <param name="blockSize">r.</param>
    /// <param name="parallelization">p.</param>
    /// <param name="length">How many bytes to make.</param>
    byte[] Scrypt(byte[] password, byte[] salt, int cost, int blockSize, int parallelization, int length);

    /// <summary>Opens a NaCl secretbox (XSalsa20 and Poly1305).</summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="nonce">24 bytes.</param>
    /// <param name="box">The authenticator's 16 bytes, then the encrypted text.</param>
    /// <returns>The text; null where the key is wrong or the box was changed.</returns>
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

namespace Bee.Oci.Signatures.Keys;

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

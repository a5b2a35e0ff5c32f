using System.Security.Cryptography;
using Bee.Oci.Signatures.Keys;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Bee.Oci.Keys;

/// <summary>Implements with BouncyCastle what .NET lacks for cosign's keys: Ed25519, scrypt and NaCl's secretbox.</summary>
public sealed class KeyAlgorithms : IKeyAlgorithms
{
    private const int AuthenticatorSize = 16;
    private const int SecretKeySize = 32;

    /// <inheritdoc/>
    public bool VerifyEd25519(byte[] publicKey, byte[] data, byte[] signature, bool prehashed) =>
        signature.Length == Ed25519.SignatureSize
        && publicKey.Length == Ed25519.PublicKeySize
        && (prehashed
            ? Ed25519.VerifyPrehash(signature, 0, publicKey, 0, [], SHA512.HashData(data), 0)
            : Ed25519.Verify(signature, 0, publicKey, 0, data, 0, data.Length));

    /// <inheritdoc/>
    public byte[] SignEd25519(byte[] seed, byte[] data)
    {
        var signature = new byte[Ed25519.SignatureSize];
        Ed25519.Sign(seed, 0, data, 0, data.Length, signature, 0);
        return signature;
    }

    /// <inheritdoc/>
    public byte[] Ed25519PublicKey(byte[] seed)
    {
        var key = new byte[Ed25519.PublicKeySize];
        Ed25519.GeneratePublicKey(seed, 0, key, 0);
        return key;
    }

    /// <inheritdoc/>
    public bool IsEd25519PublicKey(byte[] publicKey) =>
        publicKey.Length == Ed25519.PublicKeySize && Ed25519.ValidatePublicKeyFull(publicKey, 0);

    /// <inheritdoc/>
    public byte[] Scrypt(byte[] password, byte[] salt, int cost, int blockSize, int parallelization, int length) =>
        SCrypt.Generate(password, salt, cost, blockSize, parallelization, length);

    /// <inheritdoc/>
    public byte[]? OpenSecretBox(byte[] key, byte[] nonce, byte[] box)
    {
        if (box.Length < AuthenticatorSize)
        {
            return null;
        }

        var stream = new XSalsa20Engine();
        stream.Init(false, new ParametersWithIV(new KeyParameter(key), nonce));

        // The key stream's first 32 bytes are the authenticator's key; the text begins behind them.
        var authenticatorKey = new byte[SecretKeySize];
        stream.ProcessBytes(new byte[SecretKeySize], 0, SecretKeySize, authenticatorKey, 0);
        var authenticator = new Poly1305();
        authenticator.Init(new KeyParameter(authenticatorKey));
        authenticator.BlockUpdate(box, AuthenticatorSize, box.Length - AuthenticatorSize);
        var expected = new byte[AuthenticatorSize];
        authenticator.DoFinal(expected, 0);
        CryptographicOperations.ZeroMemory(authenticatorKey);
        if (!CryptographicOperations.FixedTimeEquals(expected, box.AsSpan(0, AuthenticatorSize)))
        {
            return null;
        }

        var text = new byte[box.Length - AuthenticatorSize];
        stream.ProcessBytes(box, AuthenticatorSize, text.Length, text, 0);
        return text;
    }
}

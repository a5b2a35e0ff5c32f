using System.Security.Cryptography;

namespace Bee.Oci.Signatures.Keys;

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

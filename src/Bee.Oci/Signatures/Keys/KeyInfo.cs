using System.Formats.Asn1;
using System.Security.Cryptography;
using Bee.Posix;

namespace Bee.Oci.Signatures.Keys;

/// <summary>The DER around keys: SubjectPublicKeyInfo (RFC 5280) and PrivateKeyInfo (PKCS #8, RFC 5958).</summary>
internal static class KeyInfo
{
    public const string Rsa = "1.2.840.113549.1.1.1";
    public const string EllipticCurve = "1.2.840.10045.2.1";

    /// <summary>RFC 8410.</summary>
    public const string Edwards25519 = "1.3.101.112";

    private const int Ed25519Size = 32;
    private const int SmallestRsa = 2048;
    private const int LargestRsa = 8192;

    private static readonly string[] s_curves = ["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"];

    /// <summary>Reads a public key.</summary>
    /// <exception cref="CryptographicException">Damaged.</exception>
    /// <exception cref="AsnContentException">Damaged.</exception>
    /// <exception cref="SignatureException">Not of an algorithm or size that Bee takes.</exception>
    public static PublicKey ReadPublic(byte[] der, IKeyAlgorithms algorithms, string where)
    {
        var reader = new AsnReader(der, AsnEncodingRules.DER);
        AsnReader info = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        (string algorithm, string? curve) = Identifier(info);
        byte[] key = info.ReadBitString(out _);
        info.ThrowIfNotEmpty();
        switch (algorithm)
        {
            case Edwards25519 when key.Length == Ed25519Size && algorithms.IsEd25519PublicKey(key):
                return new Ed25519PublicKey(key, algorithms);
            case Edwards25519:
                throw new CryptographicException("the Ed25519 key is not a point that one owner alone can sign for");
            case EllipticCurve:
                CheckCurve(curve, where);
                var ecdsa = ECDsa.Create();
                ecdsa.ImportSubjectPublicKeyInfo(der, out _);
                return new EcdsaPublicKey(ecdsa);
            case Rsa:
                var rsa = RSA.Create();
                rsa.ImportSubjectPublicKeyInfo(der, out _);
                return new RsaPublicKey(Checked(rsa, where));
            default:
                throw Unsupported(where, $"of algorithm {algorithm}");
        }
    }

    /// <summary>Reads a private key: its public half, and what signs with it.</summary>
    /// <exception cref="CryptographicException">Damaged.</exception>
    /// <exception cref="AsnContentException">Damaged.</exception>
    /// <exception cref="SignatureException">Not of an algorithm or size that Bee takes.</exception>
    public static (byte[] PublicKey, ISigner Signer) ReadPrivate(byte[] der, IKeyAlgorithms algorithms, string where)
    {
        AsnReader info = new AsnReader(der, AsnEncodingRules.BER).ReadSequence();
        info.ReadInteger();
        (string algorithm, string? curve) = Identifier(info);
        switch (algorithm)
        {
            case Edwards25519:
                byte[] seed = new AsnReader(info.ReadOctetString(), AsnEncodingRules.DER).ReadOctetString();
                return seed.Length == Ed25519Size
                    ? (Ed25519(algorithms.Ed25519PublicKey(seed)), new Ed25519Signer(seed, algorithms))
                    : throw new CryptographicException($"an Ed25519 key has {Ed25519Size} bytes, this one {seed.Length}");
            case EllipticCurve:
                CheckCurve(curve, where);
                var ecdsa = ECDsa.Create();
                ecdsa.ImportPkcs8PrivateKey(der, out _);
                return Signing(ecdsa, where);
            case Rsa:
                var rsa = RSA.Create();
                rsa.ImportPkcs8PrivateKey(der, out _);
                return Signing(rsa, where);
            default:
                throw Unsupported(where, $"of algorithm {algorithm}");
        }
    }

    public static (byte[] PublicKey, ISigner Signer) Signing(RSA key, string where) => (Checked(key, where).ExportSubjectPublicKeyInfo(), new RsaSigner(key));

    public static (byte[] PublicKey, ISigner Signer) Signing(ECDsa key, string where)
    {
        byte[] info = key.ExportSubjectPublicKeyInfo();
        AsnReader reader = new AsnReader(info, AsnEncodingRules.DER).ReadSequence();
        CheckCurve(Identifier(reader).Curve, where);
        return (info, new EcdsaSigner(key));
    }

    /// <summary>The SubjectPublicKeyInfo of an Ed25519 key.</summary>
    public static byte[] Ed25519(byte[] key)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Edwards25519);
            }

            writer.WriteBitString(key);
        }

        return writer.Encode();
    }

    private static (string Algorithm, string? Curve) Identifier(AsnReader info)
    {
        AsnReader identifier = info.ReadSequence();
        string algorithm = identifier.ReadObjectIdentifier();
        bool isNamed = algorithm == EllipticCurve && identifier.HasData && identifier.PeekTag().HasSameClassAndValue(Asn1Tag.ObjectIdentifier);
        return (algorithm, isNamed ? identifier.ReadObjectIdentifier() : null);
    }

    private static void CheckCurve(string? curve, string where)
    {
        if (!s_curves.Contains(curve))
        {
            throw Unsupported(where, $"on the curve {curve ?? "that it describes itself"}");
        }
    }

    private static RSA Checked(RSA key, string where)
    {
        if (key.KeySize is < SmallestRsa or > LargestRsa)
        {
            throw Unsupported(where, $"of {key.KeySize} bits (RSA keys have {SmallestRsa} to {LargestRsa})");
        }

        // With an exponent of 1 everybody could sign; below 65537 FIPS 186-5 allows none.
        byte[] exponent = key.ExportParameters(false).Exponent!;
        return exponent.AsSpan().TrimStart((byte)0).Length >= 3
            ? key
            : throw Unsupported(where, "RSA with an exponent below 65537");
    }

    private static SignatureException Unsupported(string where, string what) => new(
        SignatureFault.UnsupportedKey, $"{where} holds a key {what}. Bee takes ECDSA on P-256, P-384 and P-521, RSA from {SmallestRsa} bits, and Ed25519.");
}

/// <summary>The one block of a PEM text (RFC 7468).</summary>
/// <param name="Label">What stands behind BEGIN.</param>
/// <param name="Content">The decoded bytes.</param>
internal sealed record PemText(string Label, byte[] Content)
{
    // A key of RSA 8192, encrypted and in base64 twice, is a tenth of this.
    public const int Largest = 64 * 1024;

    /// <summary>Reads a text that holds one block; what stands before and behind it does not matter.</summary>
    /// <param name="text">The text.</param>
    /// <param name="where">Whose text it is, as a message begins.</param>
    /// <exception cref="SignatureException">There is none, or more than one, or it is damaged.</exception>
    public static PemText Read(string text, string where)
    {
        if (text.Length > Largest)
        {
            throw Bad($"{where} is larger than {Largest} characters, which no key is.");
        }

        if (text.Contains("\nProc-Type:", StringComparison.Ordinal))
        {
            throw new SignatureException(
                SignatureFault.UnsupportedKey, $"{where} is encrypted in OpenSSL's old form, which is weak. Convert it: openssl pkcs8 -topk8 -in FILE -out NEW.");
        }

        if (!PemEncoding.TryFind(text, out PemFields fields))
        {
            throw Bad(text.Contains("-----BEGIN ", StringComparison.Ordinal)
                ? $"{where} holds damaged PEM."
                : $"{where} is not PEM: a key begins with a line such as '-----BEGIN PUBLIC KEY-----'.");
        }

        // OpenSSL writes the curve's parameters in front of a private key.
        string label = text[fields.Label];
        if (label == "EC PARAMETERS")
        {
            return Read(text[fields.Location.End..], where);
        }

        return text[fields.Location.End..].Contains("-----BEGIN ", StringComparison.Ordinal)
            ? throw Bad($"{where} holds more than one PEM block; give one key a file.")
            : new PemText(label, Convert.FromBase64String(text[fields.Base64Data]));
    }

    private static SignatureException Bad(string message) => new(SignatureFault.BadKey, message);
}

/// <summary>Reads the files of keys.</summary>
internal static class KeyFile
{
    // A character of UTF-8 has four bytes at most.
    private const int Largest = 4 * PemText.Largest;

    /// <summary>Reads a file's text, for <c>VerificationKey.Read</c> and <c>SigningKey.Read</c>.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It cannot be read, is a pipe or a device, or is larger than any key.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static string Read(string path) => RegularFile.ReadAllText(path, Largest);

    /// <summary>Whether users other than the owner and the group can read a file.</summary>
    public static bool IsReadableByAll(string path) => FileStatus.Of(path) is { OthersRead: true };
}

/// <summary>What is wrong with a key, or stops an image from being signed. Stable: error ids are made of the names.</summary>
public enum SignatureFault
{
    /// <summary>The key cannot be read: no PEM, damaged, or of a kind that is no such key (a private key where a public one is wanted).</summary>
    BadKey,

    /// <summary>The key is sound, and of an algorithm or size that Bee does not use.</summary>
    UnsupportedKey,

    /// <summary>The private key is encrypted and no password was given.</summary>
    PasswordNeeded,

    /// <summary>The password does not open the private key, or the key's file was changed.</summary>
    WrongPassword,

    /// <summary>What stands where the signature goes is nothing that a signature can be added to.</summary>
    BadSignatureImage,
}

/// <summary>A key cannot be used, or an image not be signed. Holds no secret.</summary>
public sealed class SignatureException : BeeException
{
    /// <summary>Makes one.</summary>
    public SignatureException(SignatureFault fault, string message, Exception? inner = null)
        : base($"Signature.{fault}", message, inner: inner) => Fault = fault;

    /// <summary>What went wrong.</summary>
    public SignatureFault Fault { get; }
}

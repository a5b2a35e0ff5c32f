using System.Formats.Asn1;
using System.Security.Cryptography;
using Bee.Posix;

namespace Bee.Oci.Signatures.Keys;

/// <summary>Reads the DER structures of keys: SubjectPublicKeyInfo (RFC 5280) and PrivateKeyInfo (PKCS #8, RFC 5958).</summary>
internal static class KeyInfo
{
    public const string Rsa = "1.2.840.113549.1.1.1";
    public const string EllipticCurve = "1.2.840.10045.2.1";

    /// <summary>The object identifier of Ed25519 (RFC 8410).</summary>
    public const string Edwards25519 = "1.3.101.112";

    private const int Ed25519Size = 32;
    private const int SmallestRsa = 2048;
    private const int LargestRsa = 8192;

    private static readonly string[] s_curves = ["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"];

    /// <summary>Reads a public key.</summary>
    /// <exception cref="CryptographicException">The key is damaged.</exception>
    /// <exception cref="AsnContentException">The key is damaged.</exception>
    /// <exception cref="SignatureException">The algorithm or size of the key is not supported.</exception>
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

    /// <summary>Reads a private key and returns its public half and its signer.</summary>
    /// <exception cref="CryptographicException">The key is damaged.</exception>
    /// <exception cref="AsnContentException">The key is damaged.</exception>
    /// <exception cref="SignatureException">The algorithm or size of the key is not supported.</exception>
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

    /// <summary>Returns the SubjectPublicKeyInfo of an Ed25519 key.</summary>
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

        // With an exponent of 1, anyone could sign. FIPS 186-5 requires at least 65537.
        byte[] exponent = key.ExportParameters(false).Exponent!;
        return exponent.AsSpan().TrimStart((byte)0).Length >= 3
            ? key
            : throw Unsupported(where, "RSA with an exponent below 65537");
    }

    private static SignatureException Unsupported(string where, string what) => new(
        SignatureFault.UnsupportedKey, $"{where} contains a key {what}. Bee supports ECDSA on P-256, P-384 and P-521, RSA from {SmallestRsa} bits, and Ed25519.");
}

/// <summary>The only block of a PEM text (RFC 7468).</summary>
/// <param name="Label">The label after BEGIN.</param>
/// <param name="Content">The decoded bytes.</param>
internal sealed record PemText(string Label, byte[] Content)
{
    // An encrypted RSA 8192 key, twice base64-encoded, has a tenth of this size.
    public const int Largest = 64 * 1024;

    /// <summary>Parses a text with one block, and ignores the text before and after it.</summary>
    /// <param name="text">The text.</param>
    /// <param name="where">The source of the text, as the beginning of a message.</param>
    /// <exception cref="SignatureException">The text has no block or several, or the block is damaged.</exception>
    public static PemText Read(string text, string where)
    {
        if (text.Length > Largest)
        {
            throw Bad($"{where} is larger than {Largest} characters.");
        }

        if (text.Contains("\nProc-Type:", StringComparison.Ordinal))
        {
            throw new SignatureException(
                SignatureFault.UnsupportedKey, $"{where} is encrypted in OpenSSL's old form, which is weak. Convert it: openssl pkcs8 -topk8 -in FILE -out NEW.");
        }

        if (!PemEncoding.TryFind(text, out PemFields fields))
        {
            throw Bad(text.Contains("-----BEGIN ", StringComparison.Ordinal)
                ? $"{where} contains damaged PEM."
                : $"{where} is not PEM: a key begins with a line such as '-----BEGIN PUBLIC KEY-----'.");
        }

        // OpenSSL writes the curve's parameters before a private key.
        string label = text[fields.Label];
        if (label == "EC PARAMETERS")
        {
            return Read(text[fields.Location.End..], where);
        }

        return text[fields.Location.End..].Contains("-----BEGIN ", StringComparison.Ordinal)
            ? throw Bad($"{where} has more than one PEM block. Use a file for each key.")
            : new PemText(label, Convert.FromBase64String(text[fields.Base64Data]));
    }

    private static SignatureException Bad(string message) => new(SignatureFault.BadKey, message);
}

/// <summary>Reads key files.</summary>
internal static class KeyFile
{
    // A character has at most four bytes in UTF-8.
    private const int Largest = 4 * PemText.Largest;

    /// <summary>Reads the text of a file, for <c>VerificationKey.Read</c> and <c>SigningKey.Read</c>.</summary>
    /// <param name="path">The path of the file.</param>
    /// <exception cref="IOException">The file cannot be read, is not a regular file, or is too large for a key.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read the file.</exception>
    public static string Read(string path) => RegularFile.ReadAllText(path, Largest);

    /// <summary>Reports whether all users can read a file.</summary>
    public static bool IsReadableByAll(string path) => FileStatus.Of(path) is { OthersRead: true };
}

/// <summary>The reasons why a key cannot be used, or an image cannot be signed. The names are stable, because error ids contain them.</summary>
public enum SignatureFault
{
    /// <summary>The key cannot be read: it is not PEM, is damaged, or is of the wrong kind, such as a private key instead of a public one.</summary>
    BadKey,

    /// <summary>The key is valid, but its algorithm or size is not supported.</summary>
    UnsupportedKey,

    /// <summary>The private key is encrypted and no password was given.</summary>
    PasswordNeeded,

    /// <summary>The password is wrong, or the key file was changed.</summary>
    WrongPassword,

    /// <summary>The content under the signature's tag is not a list of signatures.</summary>
    BadSignatureImage,
}

/// <summary>A key cannot be used, or an image cannot be signed. The message contains no secret.</summary>
public sealed class SignatureException : BeeException
{
    /// <summary>Creates the exception.</summary>
    public SignatureException(SignatureFault fault, string message, Exception? inner = null)
        : base($"Signature.{fault}", message, inner: inner) => Fault = fault;

    /// <summary>The reason.</summary>
    public SignatureFault Fault { get; }
}

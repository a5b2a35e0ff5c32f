using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Bee.Oci.Signatures.Keys;

/// <summary>cosign's encrypted private key: JSON with a PKCS #8 key in NaCl's secretbox, encrypted by a key that scrypt derives from the password.</summary>
internal sealed class EncryptedKey
{
    private const int KeySize = 32;
    private const int NonceSize = 24;

    [JsonPropertyName("kdf")]
    public KeyDerivation? Derivation { get; set; }

    [JsonPropertyName("cipher")]
    public KeyCipher? Cipher { get; set; }

    [JsonPropertyName("ciphertext")]
    public byte[]? Ciphertext { get; set; }

    /// <summary>Decrypts a key.</summary>
    /// <returns>The PrivateKeyInfo (DER).</returns>
    /// <exception cref="SignatureException">The key is damaged or of another kind, or the password is wrong.</exception>
    public static byte[] Open(byte[] json, byte[] password, IKeyAlgorithms algorithms, string where)
    {
        EncryptedKey key;
        try
        {
            key = JsonSerializer.Deserialize(json, KeyJson.Default.EncryptedKey) ?? new EncryptedKey();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException or FormatException or ArgumentException)
        {
            throw new SignatureException(SignatureFault.BadKey, $"{where} contains a damaged key: {e.Message}", e);
        }

        if (key is not { Derivation: { Parameters: { } cost, Salt: { } salt }, Cipher.Nonce: { Length: NonceSize } nonce, Ciphertext: { } box })
        {
            throw new SignatureException(SignatureFault.BadKey, $"{where} contains a damaged key: parts of it are missing.");
        }

        if (key is not { Derivation.Name: "scrypt", Cipher.Name: "nacl/secretbox" })
        {
            throw new SignatureException(SignatureFault.UnsupportedKey, $"{where} uses an unsupported encryption. Bee reads keys that cosign encrypted (scrypt and nacl/secretbox); import the key again with cosign.");
        }

        cost.Check(where);
        byte[] secret = algorithms.Scrypt(password, salt, cost.N, cost.R, cost.P, KeySize);
        try
        {
            return algorithms.OpenSecretBox(secret, nonce, box) ?? throw new SignatureException(
                SignatureFault.WrongPassword, $"{where} cannot be decrypted: the password is wrong, or the key was changed.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}

/// <summary>The derivation of a key from the password.</summary>
internal sealed class KeyDerivation
{
    [JsonPropertyName("name")]
    public string? Name { get; set; }

    [JsonPropertyName("params")]
    public ScryptParameters? Parameters { get; set; }

    [JsonPropertyName("salt")]
    public byte[]? Salt { get; set; }
}

/// <summary>The cost parameters of scrypt.</summary>
internal sealed class ScryptParameters
{
    // scrypt needs 128 * N * r bytes of memory. cosign's own keys need 64 MiB. A key that needs more than a gigabyte is an attack.
    private const long MostMemory = 1L << 30;
    private const int MostParallel = 16;

    [JsonPropertyName("N")]
    public int N { get; set; }

    [JsonPropertyName("r")]
    public int R { get; set; }

    [JsonPropertyName("p")]
    public int P { get; set; }

    /// <summary>Validates the parameters, and limits their cost.</summary>
    public void Check(string where)
    {
        if (N < 2 || !int.IsPow2(N) || R < 1 || P is < 1 or > MostParallel || N > MostMemory / 128 / R)
        {
            throw new SignatureException(
                SignatureFault.UnsupportedKey, $"{where} asks for scrypt with N={N}, r={R}, p={P}, which is not valid, or exceeds the limit of {MostMemory >> 20} MiB.");
        }
    }
}

/// <summary>The cipher of the key.</summary>
internal sealed class KeyCipher
{
    [JsonPropertyName("name")]
    public string? Name { get; set; }

    [JsonPropertyName("nonce")]
    public byte[]? Nonce { get; set; }
}

/// <summary>The JSON of keys, with generated serializers.</summary>
[JsonSerializable(typeof(EncryptedKey))]
internal sealed partial class KeyJson : JsonSerializerContext;

/// <summary>Decrypts PKCS #8 (RFC 5958) with the scheme PBES2 (RFC 8018): PBKDF2 or scrypt (RFC 7914), with AES or triple DES. .NET decrypts only keys of a
/// known algorithm, and supports neither Ed25519 nor scrypt.</summary>
internal static class EncryptedPkcs8
{
    private const string Pbes2 = "1.2.840.113549.1.5.13";
    private const string Pbkdf2 = "1.2.840.113549.1.5.12";
    private const string Scrypt = "1.3.6.1.4.1.11591.4.11";

    // OpenSSL takes 2048, careful people a million. What takes minutes was made to do so.
    private const int MostIterations = 10_000_000;

    /// <summary>Opens it.</summary>
    /// <returns>PrivateKeyInfo (DER).</returns>
    /// <exception cref="AsnContentException">Damaged.</exception>
    /// <exception cref="CryptographicException">Damaged.</exception>
    /// <exception cref="SignatureException">Encrypted in another way, or the password is wrong.</exception>
    public static byte[] Open(byte[] der, byte[] password, IKeyAlgorithms algorithms, string where)
    {
        AsnReader info = new AsnReader(der, AsnEncodingRules.BER).ReadSequence();
        AsnReader scheme = info.ReadSequence();
        byte[] encrypted = info.ReadOctetString();
        string schemeName = scheme.ReadObjectIdentifier();
        if (schemeName != Pbes2)
        {
            throw Unsupported(where, schemeName);
        }

        AsnReader parameters = scheme.ReadSequence();
        AsnReader derivation = parameters.ReadSequence();
        AsnReader encryption = parameters.ReadSequence();
        string cipherName = encryption.ReadObjectIdentifier();
        using SymmetricAlgorithm cipher = Cipher(cipherName) ?? throw Unsupported(where, cipherName);
        byte[] vector = encryption.ReadOctetString();
        if (vector.Length != cipher.BlockSize / 8)
        {
            throw new CryptographicException($"an initial vector of {vector.Length} bytes");
        }

        cipher.Key = Key(derivation, password, cipher.KeySize / 8, algorithms, where);
        byte[]? opened = null;
        try
        {
            opened = cipher.DecryptCbc(encrypted, vector);

            // CBC padding accepts about one wrong password in 256, so the result is also parsed as ASN.1.
            var whole = new AsnReader(opened, AsnEncodingRules.BER);
            whole.ReadSequence().ReadInteger();
            whole.ThrowIfNotEmpty();
            return opened;
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException)
        {
            CryptographicOperations.ZeroMemory(opened);
            throw new SignatureException(SignatureFault.WrongPassword, $"{where} cannot be decrypted: the password is wrong, or the key was changed.", e);
        }
    }

    private static byte[] Key(AsnReader derivation, byte[] password, int length, IKeyAlgorithms algorithms, string where)
    {
        string name = derivation.ReadObjectIdentifier();
        AsnReader parameters = derivation.ReadSequence();
        byte[] salt = parameters.ReadOctetString();
        int cost = Number(parameters);
        if (name == Scrypt)
        {
            var scrypt = new ScryptParameters { N = cost, R = Number(parameters), P = Number(parameters) };
            scrypt.Check(where);
            return algorithms.Scrypt(password, salt, scrypt.N, scrypt.R, scrypt.P, length);
        }

        if (name != Pbkdf2)
        {
            throw Unsupported(where, name);
        }

        if (cost is < 1 or > MostIterations)
        {
            throw new SignatureException(SignatureFault.UnsupportedKey, $"{where} specifies {cost} iterations of PBKDF2. Bee supports 1 to {MostIterations}.");
        }

        if (parameters.HasData && parameters.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
        {
            parameters.ReadInteger();
        }

        string function = parameters.HasData ? parameters.ReadSequence().ReadObjectIdentifier() : "1.2.840.113549.2.7";
        HashAlgorithmName hash = function switch
        {
            "1.2.840.113549.2.7" => HashAlgorithmName.SHA1,
            "1.2.840.113549.2.9" => HashAlgorithmName.SHA256,
            "1.2.840.113549.2.10" => HashAlgorithmName.SHA384,
            "1.2.840.113549.2.11" => HashAlgorithmName.SHA512,
            _ => throw Unsupported(where, function),
        };
        return Rfc2898DeriveBytes.Pbkdf2(password, salt, cost, hash, length);
    }

    private static SymmetricAlgorithm? Cipher(string name)
    {
        (SymmetricAlgorithm? cipher, int bits) = name switch
        {
            "2.16.840.1.101.3.4.1.2" => (Aes.Create(), 128),
            "2.16.840.1.101.3.4.1.22" => (Aes.Create(), 192),
            "2.16.840.1.101.3.4.1.42" => (Aes.Create(), 256),
#pragma warning disable CA5350 // Keys that older versions of openssl encrypted are still read; Bee itself writes none.
            "1.2.840.113549.3.7" => (TripleDES.Create(), 192),
#pragma warning restore CA5350
            _ => ((SymmetricAlgorithm?)null, 0),
        };
        cipher?.KeySize = bits;
        return cipher;
    }

    private static int Number(AsnReader reader) =>
        reader.TryReadInt32(out int number) ? number : throw new CryptographicException("a number that is larger than any cost");

    private static SignatureException Unsupported(string where, string what) => new(
        SignatureFault.UnsupportedKey, $"{where} is encrypted in a way that Bee does not support ({what}). Convert it: openssl pkcs8 -topk8 -in FILE -out NEW.");
}

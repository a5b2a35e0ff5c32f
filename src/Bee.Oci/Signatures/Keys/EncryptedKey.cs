using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Bee.Oci.Signatures.Keys;

/// <summary>cosign's encrypted private key: JSON that holds a PKCS #8 key in NaCl's secretbox, under a key that scrypt makes of the password.</summary>
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

    /// <summary>Opens it.</summary>
    /// <returns>PrivateKeyInfo (DER).</returns>
    /// <exception cref="SignatureException">Damaged, of another kind, or the password is wrong.</exception>
    public static byte[] Open(byte[] json, byte[] password, IKeyAlgorithms algorithms, string where)
    {
        EncryptedKey key;
        try
        {
            key = JsonSerializer.Deserialize(json, KeyJson.Default.EncryptedKey) ?? new EncryptedKey();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException or FormatException or ArgumentException)
        {
            throw new SignatureException(SignatureFault.BadKey, $"{where} holds a damaged key: {e.Message}", e);
        }

        if (key is not { Derivation: { Parameters: { } cost, Salt: { } salt }, Cipher.Nonce: { Length: NonceSize } nonce, Ciphertext: { } box })
        {
            throw new SignatureException(SignatureFault.BadKey, $"{where} holds a damaged key: parts of it are missing.");
        }

        if (key is not { Derivation.Name: "scrypt", Cipher.Name: "nacl/secretbox" })
        {
            throw new SignatureException(SignatureFault.UnsupportedKey, $"{where} is encrypted in a way that Bee does not know; cosign's keys use scrypt and nacl/secretbox.");
        }

        cost.Check(where);
        byte[] secret = algorithms.Scrypt(password, salt, cost.N, cost.R, cost.P, KeySize);
        try
        {
            return algorithms.OpenSecretBox(secret, nonce, box) ?? throw new SignatureException(
                SignatureFault.WrongPassword, $"{where} does not open with this password, or it was changed.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}

/// <summary>How the password becomes a key.</summary>
internal sealed class KeyDerivation
{
    [JsonPropertyName("name")]
    public string? Name { get; set; }

    [JsonPropertyName("params")]
    public ScryptParameters? Parameters { get; set; }

    [JsonPropertyName("salt")]
    public byte[]? Salt { get; set; }
}

/// <summary>What scrypt costs.</summary>
internal sealed class ScryptParameters
{
    // 128 * N * r bytes of memory: cosign's own keys take 64 MiB. Whoever made a key that takes a gigabyte made it to do harm.
    private const long MostMemory = 1L << 30;
    private const int MostParallel = 16;

    [JsonPropertyName("N")]
    public int N { get; set; }

    [JsonPropertyName("r")]
    public int R { get; set; }

    [JsonPropertyName("p")]
    public int P { get; set; }

    /// <summary>Refuses what is no cost, and what would take more than a key may.</summary>
    public void Check(string where)
    {
        if (N < 2 || !int.IsPow2(N) || R < 1 || P is < 1 or > MostParallel || N > MostMemory / 128 / R)
        {
            throw new SignatureException(
                SignatureFault.UnsupportedKey, $"{where} asks for scrypt with N={N}, r={R}, p={P}, which is no cost of scrypt or would take more than it may.");
        }
    }
}

/// <summary>What the key is encrypted with.</summary>
internal sealed class KeyCipher
{
    [JsonPropertyName("name")]
    public string? Name { get; set; }

    [JsonPropertyName("nonce")]
    public byte[]? Nonce { get; set; }
}

/// <summary>The JSON of keys, read by generated code.</summary>
[JsonSerializable(typeof(EncryptedKey))]
internal sealed partial class KeyJson : JsonSerializerContext;

using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Bee.Oci.Keys;
using Bee.Oci.Signatures;
using Bee.Oci.Signatures.Keys;
using Org.BouncyCastle.Crypto.Generators;

namespace Bee.Oci.Tests.Signatures;

/// <summary>Generates keys for tests.</summary>
internal static class TestKeys
{
    public const string Password = "pässword";

    /// <summary>The types of keys that Bee signs with.</summary>
    public static readonly string[] Kinds = ["P-256", "P-384", "P-521", "RSA", "Ed25519"];

    public static IKeyAlgorithms Algorithms { get; } = new KeyAlgorithms();

    public static byte[] PasswordBytes => Encoding.UTF8.GetBytes(Password);

    /// <summary>Returns a new private key, PKCS #8 as PEM.</summary>
    public static string Private(string kind) => PemEncoding.WriteString("PRIVATE KEY", Der(kind));

    /// <summary>Returns a new signing key.</summary>
    public static SigningKey Signing(string kind = "P-256") => SigningKey.Read(Private(kind), null, Algorithms);

    /// <summary>Returns the public key as PEM.</summary>
    public static string Public(SigningKey key) => Public(key.PublicKey);

    /// <summary>Returns a public key as PEM.</summary>
    public static string Public(VerificationKey key) => PemEncoding.WriteString("PUBLIC KEY", key.SubjectPublicKeyInfo);

    /// <summary>Returns a new private key, PKCS #8 as DER.</summary>
    public static byte[] Der(string kind)
    {
        if (kind == "Ed25519")
        {
            // RFC 8410: all bytes but the seed are fixed.
            return [.. Convert.FromHexString("302e020100300506032b657004220420"), .. RandomNumberGenerator.GetBytes(32)];
        }

        using AsymmetricAlgorithm key = kind switch
        {
            "P-256" => ECDsa.Create(ECCurve.NamedCurves.nistP256),
            "P-384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
            "P-521" => ECDsa.Create(ECCurve.NamedCurves.nistP521),
            "secp256k1" => ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1")),
            "RSA 1024" => RSA.Create(1024),
            _ => RSA.Create(2048),
        };
        return key.ExportPkcs8PrivateKey();
    }

    /// <summary>Returns a key in cosign's encrypted format as JSON, so that tests can change its parts.</summary>
    /// <param name="der">The key in PKCS #8.</param>
    /// <param name="password">The password.</param>
    /// <param name="cost">N of scrypt. cosign requires 65536; tests without cosign use less.</param>
    public static JsonObject Encrypted(byte[] der, string password, int cost = 1024)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(32);
        byte[] nonce = RandomNumberGenerator.GetBytes(24);
        byte[] key = SCrypt.Generate(Encoding.UTF8.GetBytes(password), salt, cost, 8, 1, 32);
        return new JsonObject
        {
            ["kdf"] = new JsonObject
            {
                ["name"] = "scrypt",
                ["params"] = new JsonObject { ["N"] = cost, ["r"] = 8, ["p"] = 1 },
                ["salt"] = Convert.ToBase64String(salt),
            },
            ["cipher"] = new JsonObject { ["name"] = "nacl/secretbox", ["nonce"] = Convert.ToBase64String(nonce) },
            ["ciphertext"] = Convert.ToBase64String(SecretBox.Seal(key, nonce, der)),
        };
    }

    public static string Pem(JsonObject encrypted, string label = "ENCRYPTED SIGSTORE PRIVATE KEY") =>
        PemEncoding.WriteString(label, Encoding.UTF8.GetBytes(encrypted.ToJsonString()));
}

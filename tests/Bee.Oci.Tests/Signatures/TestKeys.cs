using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Bee.Oci.Keys;
using Bee.Oci.Signatures;
using Bee.Oci.Signatures.Keys;
using Org.BouncyCastle.Crypto.Generators;

namespace Bee.Oci.Tests.Signatures;

/// <summary>Keys of the tests' own, as PEM.</summary>
internal static class TestKeys
{
    public const string Password = "pässword";

    /// <summary>Each kind of key that Bee signs with.</summary>
    public static readonly string[] Kinds = ["P-256", "P-384", "P-521", "RSA", "Ed25519"];

    public static IKeyAlgorithms Algorithms { get; } = new KeyAlgorithms();

    public static byte[] PasswordBytes => Encoding.UTF8.GetBytes(Password);

    /// <summary>A new private key in PKCS #8.</summary>
    public static string Private(string kind) => PemEncoding.WriteString("PRIVATE KEY", Der(kind));

    /// <summary>A new key, ready to sign.</summary>
    public static SigningKey Signing(string kind = "P-256") => SigningKey.Read(Private(kind), null, Algorithms);

    /// <summary>The public half as PEM.</summary>
    public static string Public(SigningKey key) => Public(key.PublicKey);

    /// <summary>A public key as PEM.</summary>
    public static string Public(VerificationKey key) => PemEncoding.WriteString("PUBLIC KEY", key.SubjectPublicKeyInfo);

    /// <summary>A private key in PKCS #8 as DER.</summary>
    public static byte[] Der(string kind)
    {
        if (kind == "Ed25519")
        {
            // RFC 8410: everything but the seed is always the same.
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

    /// <summary>A key as cosign keeps it, made here so that its parts can be spoiled.</summary>
    /// <param name="der">The key in PKCS #8.</param>
    /// <param name="password">Its password.</param>
    /// <param name="cost">N of scrypt. cosign insists on 65536; a test that does not show it the key takes less.</param>
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

using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Bee.Mutation;
using Bee.Oci.Signatures;
using Bee.Oci.Signatures.Keys;
using Xunit.Abstractions;

namespace Bee.Oci.Tests.Signatures;

/// <summary>Reads keys in all formats, and checks the messages for invalid ones.</summary>
public sealed class KeyTests(ITestOutputHelper output)
{
    private static readonly byte[] s_data = "what is signed"u8.ToArray();

    [Theory]
    [InlineData("P-256", "ECDSA P-256")]
    [InlineData("P-384", "ECDSA P-384")]
    [InlineData("P-521", "ECDSA P-521")]
    [InlineData("RSA", "RSA 2048")]
    [InlineData("Ed25519", "Ed25519")]
    public void Only_the_matching_public_key_verifies_a_signature(string kind, string algorithm)
    {
        using SigningKey key = TestKeys.Signing(kind);
        var read = VerificationKey.Read(TestKeys.Public(key), TestKeys.Algorithms, "cosign.pub");
        byte[] signature = key.Sign(s_data);

        Assert.True(read.Verify(s_data, signature));
        Assert.False(read.Verify([.. s_data, 0], signature));
        Assert.False(TestKeys.Signing(kind).PublicKey.Verify(s_data, signature));
        foreach (int at in new[] { 0, signature.Length / 2, signature.Length - 1 })
        {
            byte[] other = [.. signature];
            other[at] ^= 1;
            Assert.False(read.Verify(s_data, other));
        }

        Assert.False(read.Verify(s_data, []));
        Assert.False(read.Verify(s_data, signature[..^1]));
        Assert.Equal(algorithm, read.Algorithm);
        Assert.Equal(key.PublicKey.KeyId, read.KeyId);
        Assert.StartsWith($"{algorithm} {read.KeyId[..12]} (cosign.pub)", read.ToString(), StringComparison.Ordinal);
    }

    /// <summary>RFC 8032, section 7.1, TEST 3, and 7.3, TEST abc: Ed25519 and Ed25519ph, which cosign 2 and cosign 3 write.</summary>
    [Theory]
    [InlineData("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82", "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    [InlineData("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf", "616263", "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406")]
    public void Both_forms_of_ed25519_are_verified(string publicKey, string message, string signature)
    {
        byte[] info = [.. Convert.FromHexString("302a300506032b6570032100"), .. Convert.FromHexString(publicKey)];
        var key = VerificationKey.Read(PemEncoding.WriteString("PUBLIC KEY", info), TestKeys.Algorithms);
        Assert.True(key.Verify(Convert.FromHexString(message), Convert.FromHexString(signature)));
        Assert.False(key.Verify(s_data, Convert.FromHexString(signature)));
    }

    [Theory]
    [InlineData("P-256")]
    [InlineData("RSA")]
    [InlineData("Ed25519")]
    public void Keys_with_a_password_are_opened_with_it_alone(string kind)
    {
        byte[] der = TestKeys.Der(kind);
        using var plain = SigningKey.Read(PemEncoding.WriteString("PRIVATE KEY", der), null, TestKeys.Algorithms);
        var pbe = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000);
        string[] forms = [TestKeys.Pem(TestKeys.Encrypted(der, TestKeys.Password)), TestKeys.Pem(TestKeys.Encrypted(der, TestKeys.Password), "ENCRYPTED COSIGN PRIVATE KEY")];
        if (kind != "Ed25519")
        {
            using AsymmetricAlgorithm key = kind == "RSA" ? RSA.Create() : ECDsa.Create();
            key.ImportPkcs8PrivateKey(der, out _);
            forms = [.. forms, PemEncoding.WriteString("ENCRYPTED PRIVATE KEY", key.ExportEncryptedPkcs8PrivateKey(TestKeys.PasswordBytes, pbe))];
        }

        foreach (string form in forms)
        {
            Assert.True(SigningKey.NeedsPassword(form));
            using var opened = SigningKey.Read(form, TestKeys.PasswordBytes, TestKeys.Algorithms);
            Assert.Equal(plain.PublicKey.KeyId, opened.PublicKey.KeyId);
            Assert.True(plain.PublicKey.Verify(s_data, opened.Sign(s_data)));

            Assert.Equal(SignatureFault.PasswordNeeded, Refused(form, null).Fault);
            SignatureException wrong = Refused(form, "another-secret"u8.ToArray());
            Assert.Equal(SignatureFault.WrongPassword, wrong.Fault);
            Assert.DoesNotContain("another-secret", wrong.ToString(), StringComparison.Ordinal);
            Assert.Equal(SignatureFault.WrongPassword, Refused(form, []).Fault);
        }
    }

    /// <summary>An Ed25519 key that OpenSSL 3 encrypted with AES: by PBKDF2 and by scrypt.</summary>
    [Theory]
    [InlineData("MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAj3smkBojsCFQICA+gwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEBpqoZUxsZfqJJAl9zPA7xoEQIagaGqeeeiXrprP42besCLqb57R+faANct8UNqKItNj/RbZZMaShAL3WASlVm2SzDeqFugWkMU8t2ci7bIJYLk=")]
    [InlineData("MIGTME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAg9hTEGJT1lIQICBAACAQgCAQEwHQYJYIZIAWUDBAEqBBAyh2ZZ39iBlXb7B6BYmmR8BECFZey0hOwLampRO3JYmeSlrP3MqP1WRnxXyYeOBNJwEI0CJrZ7zEUFfhJ+RuGMRK2dD41sGtW5PrFhc9lOEFcZ")]
    public void Encrypted_keys_of_openssl_are_opened(string der)
    {
        string pem = PemEncoding.WriteString("ENCRYPTED PRIVATE KEY", Convert.FromBase64String(der));
        using var key = SigningKey.Read(pem, TestKeys.PasswordBytes, TestKeys.Algorithms);
        var expected = VerificationKey.Read("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGq8SRrzGLQD+Gy+do48d8xn9s7+SrWJXCTaTG6tubfQ=\n-----END PUBLIC KEY-----", TestKeys.Algorithms);
        Assert.Equal(expected.KeyId, key.PublicKey.KeyId);
        Assert.Equal(SignatureFault.WrongPassword, Refused(pem, "passwort"u8.ToArray()).Fault);
    }

    [Fact]
    public void Damaged_keys_are_read_or_refused()
    {
        byte[][] keys = [.. TestKeys.Kinds.Select(TestKeys.Der)];
        byte[][] publics = [.. TestKeys.Kinds.Select(kind => TestKeys.Signing(kind).PublicKey.SubjectPublicKeyInfo)];
        byte[] encrypted = Convert.FromBase64String("MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAj3smkBojsCFQICA+gwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEBpqoZUxsZfqJJAl9zPA7xoEQIagaGqeeeiXrprP42besCLqb57R+faANct8UNqKItNj/RbZZMaShAL3WASlVm2SzDeqFugWkMU8t2ci7bIJYLk=");
        string box = TestKeys.Encrypted(keys[0], TestKeys.Password).ToJsonString();
        new ReaderRun("keys", (seed, number) => Spoiled(seed, number, number % 4 == 0 ? Encoding.UTF8.GetBytes(box) : number % 4 == 1 ? encrypted : (number % 4 == 2 ? keys : publics)[number / 4 % keys.Length]), (bytes, number) =>
        {
            string label = (number % 4) switch { 0 => "ENCRYPTED SIGSTORE PRIVATE KEY", 1 => "ENCRYPTED PRIVATE KEY", 2 => "PRIVATE KEY", _ => "PUBLIC KEY" };
            string pem = PemEncoding.WriteString(label, bytes);
            if (label == "PUBLIC KEY")
            {
                VerificationKey.Read(pem, TestKeys.Algorithms).Verify(s_data, s_data);
                return;
            }

            using var key = SigningKey.Read(pem, TestKeys.PasswordBytes, TestKeys.Algorithms);
        }, fault => fault is SignatureException).Execute(output.WriteLine, part: 10);
    }

    private static byte[] Spoiled(ulong seed, long number, byte[] bytes)
    {
        var chance = new Chance(seed ^ (ulong)number * 0xd134_2543_de82_ef95);
        byte[] spoiled = [.. bytes];
        for (int i = chance.Below(3); i >= 0; i--)
        {
            spoiled[chance.Below(spoiled.Length)] = (byte)chance.Bits();
        }

        return chance.OneIn(8) ? spoiled[..chance.Below(spoiled.Length)] : spoiled;
    }

    [Fact]
    public void An_empty_password_is_a_password()
    {
        string pem = TestKeys.Pem(TestKeys.Encrypted(TestKeys.Der("P-256"), ""));
        using var key = SigningKey.Read(pem, [], TestKeys.Algorithms);
        Assert.Equal(SignatureFault.PasswordNeeded, Refused(pem, null).Fault);
    }

    [Fact]
    public void The_older_forms_of_openssl_are_read()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rsa = RSA.Create(2048);
        const string Parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
        foreach (string pem in new[] { ecdsa.ExportECPrivateKeyPem(), Parameters + ecdsa.ExportECPrivateKeyPem(), rsa.ExportRSAPrivateKeyPem() })
        {
            Assert.False(SigningKey.NeedsPassword(pem));
            using var key = SigningKey.Read(pem, null, TestKeys.Algorithms);
            Assert.True(key.PublicKey.Verify(s_data, key.Sign(s_data)));
        }
    }

    public static TheoryData<string, SignatureFault, string> NoPublicKeys()
    {
        using SigningKey key = TestKeys.Signing();
        using var rsa = RSA.Create(2048);
        using var small = RSA.Create(1024);
        string good = TestKeys.Public(key);
        byte[] info = key.PublicKey.SubjectPublicKeyInfo;
        byte[] offCurve = [.. info];
        offCurve[^1] ^= 1;
        return new()
        {
            { "", SignatureFault.BadKey, "not PEM" },
            { "ssh-ed25519 AAAA me@here", SignatureFault.BadKey, "not PEM" },
            { "-----BEGIN PUBLIC KEY-----\n", SignatureFault.BadKey, "damaged PEM" },
            { $"{good}\n{good}", SignatureFault.BadKey, "more than one" },
            { new string('x', 70_000), SignatureFault.BadKey, "larger than" },
            { TestKeys.Private("P-256"), SignatureFault.BadKey, "private key" },
            { TestKeys.Pem(TestKeys.Encrypted(TestKeys.Der("P-256"), "x")), SignatureFault.BadKey, "private key" },
            { PemEncoding.WriteString("CERTIFICATE", [1, 2, 3]), SignatureFault.BadKey, "openssl x509" },
            { PemEncoding.WriteString("CERTIFICATE REQUEST", [1, 2, 3]), SignatureFault.BadKey, "CERTIFICATE REQUEST" },
            { PemEncoding.WriteString("PUBLIC KEY", [1, 2, 3]), SignatureFault.BadKey, "damaged" },
            { PemEncoding.WriteString("PUBLIC KEY", info.AsSpan()[..^1]), SignatureFault.BadKey, "damaged" },
            { PemEncoding.WriteString("PUBLIC KEY", [.. info, 0]), SignatureFault.BadKey, "damaged" },
            { PemEncoding.WriteString("PUBLIC KEY", offCurve), SignatureFault.BadKey, "damaged" },
            { PemEncoding.WriteString("PUBLIC KEY", small.ExportSubjectPublicKeyInfo()), SignatureFault.UnsupportedKey, "1024 bits" },
            { rsa.ExportRSAPublicKeyPem(), SignatureFault.UnsupportedKey, "openssl rsa" },
            // The neutral point, for which any signature can be forged.
            { PemEncoding.WriteString("PUBLIC KEY", [.. Convert.FromHexString("302a300506032b6570032100"), 1, .. new byte[31]]), SignatureFault.BadKey, "not a point" },
            { PemEncoding.WriteString("PUBLIC KEY", Convert.FromHexString("302a300506032b656e032100" + new string('1', 64))), SignatureFault.UnsupportedKey, "1.3.101.110" },
        };
    }

    [Theory]
    [MemberData(nameof(NoPublicKeys))]
    public void An_invalid_public_key_is_rejected_with_the_reason(string pem, SignatureFault fault, string word)
    {
        SignatureException refused = Assert.Throws<SignatureException>(() => VerificationKey.Read(pem, TestKeys.Algorithms, "k.pub"));
        Assert.Equal(fault, refused.Fault);
        Assert.Contains(word, refused.Message, StringComparison.Ordinal);
        Assert.Contains("k.pub", refused.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, SignatureFault, string> NoPrivateKeys()
    {
        JsonObject encrypted = TestKeys.Encrypted(TestKeys.Der("P-256"), TestKeys.Password);
        string With(Action<JsonObject> change)
        {
            var copy = (JsonObject)encrypted.DeepClone();
            change(copy);
            return TestKeys.Pem(copy);
        }

        return new()
        {
            { "", SignatureFault.BadKey, "not PEM" },
            { TestKeys.Public(TestKeys.Signing()), SignatureFault.BadKey, "is public" },
            { "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----", SignatureFault.UnsupportedKey, "openssl pkcs8" },
            { PemEncoding.WriteString("OPENSSH PRIVATE KEY", [1]), SignatureFault.UnsupportedKey, "ssh-keygen" },
            { PemEncoding.WriteString("PRIVATE KEY", [1, 2]), SignatureFault.BadKey, "damaged" },
            { PemEncoding.WriteString("PRIVATE KEY", TestKeys.Der("Ed25519").AsSpan()[..^1]), SignatureFault.BadKey, "damaged" },
            { PemEncoding.WriteString("PRIVATE KEY", TestKeys.Der("secp256k1")), SignatureFault.UnsupportedKey, "1.3.132.0.10" },
            { PemEncoding.WriteString("PRIVATE KEY", TestKeys.Der("RSA 1024")), SignatureFault.UnsupportedKey, "1024 bits" },
            { PemEncoding.WriteString("ENCRYPTED PRIVATE KEY", [1, 2]), SignatureFault.BadKey, "damaged" },
            // PBE-SHA1-3DES.
            { PemEncoding.WriteString("ENCRYPTED PRIVATE KEY", Convert.FromBase64String("MFgwHAYKKoZIhvcNAQwBAzAOBAhSCclFBYv2RQICA+gEOGy+Cokr/Z4JG5yfDrWXfphUNWg4/gHjHOzQ22tE6wetDnBNzmvv/d6j0C0QhZehIByKZHmNLBgj")), SignatureFault.UnsupportedKey, "openssl pkcs8" },
            { PemEncoding.WriteString("ENCRYPTED SIGSTORE PRIVATE KEY", "no json"u8), SignatureFault.BadKey, "damaged" },
            { PemEncoding.WriteString("ENCRYPTED SIGSTORE PRIVATE KEY", Encoding.UTF8.GetBytes(new string('[', 10_000))), SignatureFault.BadKey, "damaged" },
            { With(key => key.Remove("ciphertext")), SignatureFault.BadKey, "missing" },
            { With(key => key["kdf"]!["salt"] = "not base64!"), SignatureFault.BadKey, "damaged" },
            { With(key => key["cipher"]!["nonce"] = "AAAA"), SignatureFault.BadKey, "missing" },
            { With(key => key["cipher"]!["name"] = "aes"), SignatureFault.UnsupportedKey, "unsupported encryption" },
            { With(key => key["kdf"]!["params"]!["N"] = 1 << 30), SignatureFault.UnsupportedKey, "scrypt" },
            { With(key => key["kdf"]!["params"]!["N"] = 1000), SignatureFault.UnsupportedKey, "scrypt" },
            { With(key => key["kdf"]!["params"]!["N"] = -1), SignatureFault.UnsupportedKey, "scrypt" },
            { With(key => key["kdf"]!["params"]!["r"] = int.MaxValue), SignatureFault.UnsupportedKey, "scrypt" },
            { With(key => (key["kdf"]!["params"]!["N"], key["kdf"]!["params"]!["r"]) = (1 << 30, 1 << 27)), SignatureFault.UnsupportedKey, "scrypt" },
            { With(key => key["kdf"]!["params"]!["p"] = 0), SignatureFault.UnsupportedKey, "scrypt" },
            { With(key => key["kdf"]!["params"]!["p"] = 1 << 20), SignatureFault.UnsupportedKey, "scrypt" },
            { With(key => key["ciphertext"] = "AAAA"), SignatureFault.WrongPassword, "cannot be decrypted" },
        };
    }

    [Theory]
    [MemberData(nameof(NoPrivateKeys))]
    public void An_invalid_private_key_is_rejected_with_the_reason(string pem, SignatureFault fault, string word)
    {
        SignatureException refused = Refused(pem, TestKeys.PasswordBytes);
        Assert.Equal(fault, refused.Fault);
        Assert.Contains(word, refused.Message, StringComparison.Ordinal);
        Assert.Contains("k.key", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(TestKeys.Password, refused.ToString(), StringComparison.Ordinal);
    }

    private static SignatureException Refused(string pem, byte[]? password) =>
        Assert.Throws<SignatureException>(() => SigningKey.Read(pem, password, TestKeys.Algorithms, "k.key"));
}

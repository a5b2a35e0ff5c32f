using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;

namespace Bee.Oci.Tests.Signatures;

/// <summary>Encrypts with NaCl's secretbox, which Bee itself only decrypts. Tests with cosign's keys show that the format is the same.</summary>
internal static class SecretBox
{
    public static byte[] Seal(byte[] key, byte[] nonce, byte[] text)
    {
        var stream = new XSalsa20Engine();
        stream.Init(true, new ParametersWithIV(new KeyParameter(key), nonce));
        byte[] first = new byte[32];
        stream.ProcessBytes(new byte[32], 0, 32, first, 0);
        byte[] box = new byte[16 + text.Length];
        stream.ProcessBytes(text, 0, text.Length, box, 16);
        var authenticator = new Poly1305();
        authenticator.Init(new KeyParameter(first));
        authenticator.BlockUpdate(box, 16, text.Length);
        authenticator.DoFinal(box, 0);
        return box;
    }
}

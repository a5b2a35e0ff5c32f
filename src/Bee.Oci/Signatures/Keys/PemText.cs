using System.Security.Cryptography;
using Bee.Posix;

namespace Bee.Oci.Signatures.Keys;

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
                : $"{where} is no PEM: a key begins with a line such as '-----BEGIN PUBLIC KEY-----'.");
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
public static class KeyFile
{
    // A character of UTF-8 has four bytes at most.
    private const int Largest = 4 * PemText.Largest;

    /// <summary>Reads a file's text, for <see cref="VerificationKey.Read"/> and <see cref="SigningKey.Read"/>.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It cannot be read, is a pipe or a device, or is larger than any key.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static string Read(string path) => RegularFile.ReadAllText(path, Largest);

    /// <summary>Whether users other than the owner and the group can read a file.</summary>
    public static bool IsReadableByAll(string path) => FileStatus.Of(path) is { OthersRead: true };
}

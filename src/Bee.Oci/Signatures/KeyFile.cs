using System.Text;
using Bee.Oci.Signatures.Keys;

namespace Bee.Oci.Signatures;

/// <summary>Reads the files of keys.</summary>
public static class KeyFile
{
    /// <summary>A file's text, for <see cref="VerificationKey.Read"/> and <see cref="SigningKey.Read"/>. A pipe will do. Of a file that is larger than any key
    /// only the beginning is read, and then they refuse it.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, or is a directory.</exception>
    public static string Read(string path)
    {
        using var reader = new StreamReader(path, Encoding.UTF8);
        var text = new char[PemText.Largest + 1];
        return new string(text, 0, reader.ReadBlock(text, 0, text.Length));
    }
}

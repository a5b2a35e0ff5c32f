using Bee.Posix;

namespace Bee.Oci.Signatures.Keys;

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

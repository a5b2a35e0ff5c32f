using Bee.Posix;

namespace Bee.Containers.Runtimes;

/// <summary>Validates the names that runtimes report. They end up in tables, metrics and files.</summary>
internal static class ContainerText
{
    /// <summary>The longest name. Kubernetes allows 253 characters, and a file system 255 bytes.</summary>
    public const int LongestName = 256;

    /// <summary>The longest name of an image, with its registry, tag and digest.</summary>
    public const int LongestImage = 512;

    /// <summary>Limits a name, and replaces characters that are unsafe on terminals. Names that runtimes accept have none.</summary>
    /// <param name="name">The name.</param>
    /// <param name="longest">The largest number of characters.</param>
    /// <returns>The name, the end of a longer one replaced by <c>…</c>; null if it is null or empty.</returns>
    public static string? Name(string? name, int longest = LongestName)
    {
        if (string.IsNullOrEmpty(name))
        {
            return null;
        }

        // A cut between the halves of a surrogate pair leaves one that Clean replaces.
        return TerminalText.Clean(name.Length <= longest ? name : string.Concat(name.AsSpan(0, longest - 1), "…"));
    }

    /// <summary>Limits the name of an image as <see cref="Name"/> does.</summary>
    /// <param name="image">The name of the image.</param>
    public static string? Image(string? image) => Name(image, LongestImage);

    /// <summary>Reports whether an id is one that the runtime generated: 64 hex digits.</summary>
    /// <param name="id">The id.</param>
    public static bool IsGenerated(string id) => id.Length == 64 && id.All(char.IsAsciiHexDigitLower);
}

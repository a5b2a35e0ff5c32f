namespace Bee.Oci.Formats;

/// <summary>Redacts logins in texts for messages, logs and error records.</summary>
internal static class Redaction
{
    /// <summary>The replacement for a login.</summary>
    public const string Login = "(login)";

    // In a reference only a digest may follow an '@'.
    private static readonly string[] s_digests = ["sha256:", "sha384:", "sha512:", "blake3:", "md5:"];

    /// <summary>Returns the text with <see cref="Login"/> in place of a login before a host: <c>name:password@ghcr.io/x</c>, <c>https://token@ghcr.io</c>.</summary>
    /// <param name="text">A reference, host or URL as the user wrote it.</param>
    /// <remarks>
    /// An '@' without a digest after it ends a login: a password may contain any character, and a host need not have a dot.
    /// </remarks>
    public static string WithoutLogin(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Find(text) is { } login ? $"{text[..login.Start.Value]}{Login}@{text[login.End.Value..]}" : text;
    }

    /// <summary>Checks whether a text contains a login.</summary>
    /// <param name="text">A reference, host or URL as the user wrote it.</param>
    public static bool HasLogin(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Find(text) is not null;
    }

    // From the login's first character to the first one of the host.
    private static Range? Find(string text)
    {
        int scheme = text.IndexOf("://", StringComparison.Ordinal);
        int start = scheme < 0 ? 0 : scheme + 3;
        for (int end = text.Length; end > start;)
        {
            // The '@' may be percent-encoded.
            int at = text.LastIndexOf('@', end - 1, end - start);
            int escaped = text.LastIndexOf("%40", end - 1, end - start, StringComparison.Ordinal);
            int host = Math.Max(at + 1, escaped < 0 ? 0 : escaped + 3);
            if (Math.Max(at, escaped) <= start)
            {
                return null;
            }

            if (!IsDigest(text[host..end]))
            {
                return start..host;
            }

            end = Math.Max(at, escaped);
        }

        return null;
    }

    private static bool IsDigest(string text) =>
        !text.Contains('/') && Array.Exists(s_digests, algorithm => text.StartsWith(algorithm, StringComparison.OrdinalIgnoreCase));
}

namespace Bee.Oci.Formats;

/// <summary>Takes logins out of texts that go into messages, logs and error records.</summary>
internal static class Redaction
{
    /// <summary>What stands where a login was.</summary>
    public const string Login = "(login)";

    // Digests are the only thing that may follow an '@' in a reference.
    private static readonly string[] s_digests = ["sha256:", "sha384:", "sha512:", "blake3:", "md5:"];

    /// <summary>Returns the text with <see cref="Login"/> in place of a login before a host: <c>name:password@ghcr.io/x</c>, <c>https://token@ghcr.io</c>.</summary>
    /// <param name="text">A reference, host or URL as a person wrote it.</param>
    /// <remarks>
    /// An '@' that a digest does not follow ends a login, whatever stands before it: a password may hold any character, and a host need not have a dot.
    /// </remarks>
    public static string WithoutLogin(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Find(text) is { } login ? $"{text[..login.Start.Value]}{Login}@{text[login.End.Value..]}" : text;
    }

    /// <summary>Returns whether a login stands in the text.</summary>
    /// <param name="text">A reference, host or URL as a person wrote it.</param>
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
            // '@' may be escaped, as everything before a host may be.
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

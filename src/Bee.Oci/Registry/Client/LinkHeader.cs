namespace Bee.Oci.Registry.Client;

/// <summary>The header <c>Link</c> (RFC 8288): <c>&lt;/v2/x/tags/list?last=v1&gt;; rel="next"</c>, several of them separated by commas.</summary>
internal static class LinkHeader
{
    /// <summary>The target of the link with the relation <c>next</c>; null where there is none.</summary>
    public static string? Next(string header)
    {
        int at = 0;
        while (at < header.Length)
        {
            int open = header.IndexOf('<', at);
            int close = open < 0 ? -1 : header.IndexOf('>', open);
            if (close < 0)
            {
                return null;
            }

            string target = header[(open + 1)..close].Trim();
            at = close + 1;
            bool isNext = false;
            while (at < header.Length && header[at] != ',')
            {
                string parameter = Parameter(header, ref at);
                isNext |= IsNext(parameter);
            }

            if (isNext && target.Length > 0)
            {
                return target;
            }

            at++;
        }

        return null;
    }

    /// <summary>One parameter from <paramref name="at"/> up to the next semicolon or comma that is not quoted.</summary>
    private static string Parameter(string header, ref int at)
    {
        int start = header[at] == ';' ? ++at : at;
        bool quoted = false;
        while (at < header.Length && (quoted || header[at] is not (';' or ',')))
        {
            quoted ^= header[at] == '"';
            at++;
        }

        return header[start..at].Trim();
    }

    private static bool IsNext(string parameter)
    {
        int equals = parameter.IndexOf('=');
        return equals > 0
            && parameter.AsSpan(0, equals).Trim().Equals("rel", StringComparison.OrdinalIgnoreCase)
            && parameter[(equals + 1)..].Trim().Trim('"').Split(' ', StringSplitOptions.RemoveEmptyEntries).Contains("next", StringComparer.OrdinalIgnoreCase);
    }
}

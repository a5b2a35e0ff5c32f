using System.Net;
using System.Runtime.CompilerServices;
using Bee.Oci.Registry.Authentication;

namespace Bee.Oci.Registry.Client;

/// <summary>Reads paginated lists (OCI Distribution Specification 1.1, "Listing Tags", "Listing Referrers").</summary>
internal static class Listing
{
    /// <summary>The requested page size. Registries may return fewer names, or all.</summary>
    public const int PageLength = 1000;

    private const int LargestPage = 16 << 20;

    /// <summary>The most pages, so that a hostile list ends.</summary>
    private const int MostPages = 2000;

    /// <summary>Reads the pages of a list.</summary>
    /// <param name="endpoint">The registry.</param>
    /// <param name="first">The URL of the first page.</param>
    /// <param name="scope">The scope of the requests.</param>
    /// <param name="doing">The action, as it continues "Cannot".</param>
    /// <param name="largest">The most bytes of a page.</param>
    /// <param name="absent">Returns true for a status of the first page that means that the list does not exist; may be null.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadAnswer"/>: the pages form a cycle; or another failure.</exception>
    public static async IAsyncEnumerable<RegistryDocument> PagesAsync(
        Endpoint endpoint,
        Uri first,
        RegistryScope scope,
        string doing,
        int largest,
        Func<HttpStatusCode, bool>? absent,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (Uri? next = first; next is not null;)
        {
            if (!seen.Add(next.AbsoluteUri) || seen.Count > MostPages)
            {
                throw new RegistryException(RegistryFault.BadAnswer, $"Cannot {doing}: the pages of the registry's list link to each other in a circle.");
            }

            RegistryDocument? page = await endpoint.GetAsync(
                next, scope, doing, "list", largest, cancellationToken, absent: seen.Count == 1 ? absent : null).ConfigureAwait(false);
            if (page is null)
            {
                yield break;
            }

            // Parsed before the page is returned: after an invalid link the page must not look like the last one.
            next = AnswerAddress.NextPage(page.Response, endpoint.Transport.Base);
            yield return page;
        }
    }

    /// <summary>Reads a list of names in pages of <see cref="PageLength"/>, or without a page size if the registry rejects it.</summary>
    /// <param name="endpoint">The registry.</param>
    /// <param name="list">The URL of the list.</param>
    /// <param name="scope">The scope of the requests.</param>
    /// <param name="doing">The action, as it continues "Cannot".</param>
    /// <param name="names">Returns the names in a page.</param>
    /// <param name="isName">Returns whether a name is valid. Invalid names are skipped with a note.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public static async IAsyncEnumerable<string> NamesAsync(
        Endpoint endpoint,
        Uri list,
        RegistryScope scope,
        string doing,
        Func<byte[], IEnumerable<string?>?> names,
        Func<string, bool> isName,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var first = new Uri(list.AbsoluteUri + "?n=" + PageLength);
        bool refused = true;
        await foreach (RegistryDocument page in PagesAsync(endpoint, first, scope, doing, LargestPage, status => status == HttpStatusCode.BadRequest, cancellationToken).ConfigureAwait(false))
        {
            refused = false;
            foreach (string name in Sound(endpoint, names(page.Body), isName))
            {
                yield return name;
            }
        }

        if (!refused)
        {
            yield break;
        }

        // Some registries have a smaller limit and do not report it.
        await foreach (RegistryDocument page in PagesAsync(endpoint, list, scope, doing, LargestPage, null, cancellationToken).ConfigureAwait(false))
        {
            foreach (string name in Sound(endpoint, names(page.Body), isName))
            {
                yield return name;
            }
        }
    }

    private static IEnumerable<string> Sound(Endpoint endpoint, IEnumerable<string?>? names, Func<string, bool> isName)
    {
        foreach (string? name in names ?? [])
        {
            if (name is not null && isName(name))
            {
                yield return name;
            }
            else
            {
                endpoint.Note($"Ignoring an invalid name in a list of {endpoint.Host}: '{endpoint.Shown(name ?? "null", 200)}'.");
            }
        }
    }
}

/// <summary>The header <c>Link</c> (RFC 8288): <c>&lt;/v2/x/tags/list?last=v1&gt;; rel="next"</c>, several of them separated by commas.</summary>
internal static class LinkHeader
{
    /// <summary>Returns the target of the link with the relation <c>next</c>; null for none.</summary>
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

    /// <summary>Reads a parameter from <paramref name="at"/> to the next unquoted semicolon or comma.</summary>
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

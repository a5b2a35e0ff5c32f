using System.Net;
using System.Runtime.CompilerServices;
using Bee.Oci.Registry.Authentication;

namespace Bee.Oci.Registry.Client;

/// <summary>Lists that come in pages, each saying where the next one is (OCI Distribution Specification 1.1, "Listing Tags", "Listing Referrers").</summary>
internal static class Listing
{
    /// <summary>How many names are asked for at once. Registries may give fewer, or all.</summary>
    public const int PageLength = 1000;

    private const int LargestPage = 16 << 20;

    /// <summary>A list may have this many pages. More is a registry that never comes to an end.</summary>
    private const int MostPages = 2000;

    /// <summary>The pages, as they come.</summary>
    /// <param name="endpoint">The registry.</param>
    /// <param name="first">Where the first page is.</param>
    /// <param name="scope">What they need the right to.</param>
    /// <param name="doing">What is tried, as it continues "Cannot".</param>
    /// <param name="largest">The most bytes that a page may have.</param>
    /// <param name="absent">Statuses of the first page that mean that there is no list; null for none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RegistryException">Among others <see cref="RegistryFault.BadAnswer"/> where the pages go round in a circle.</exception>
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
                throw new RegistryException(RegistryFault.BadAnswer, $"Cannot {doing}: the registry's list has no end; its pages lead to each other.");
            }

            RegistryDocument? page = await endpoint.GetAsync(
                next, scope, doing, "list", largest, cancellationToken, absent: seen.Count == 1 ? absent : null).ConfigureAwait(false);
            if (page is null)
            {
                yield break;
            }

            // Read first: an address that may not be followed spoils the list, and then its last page should not look like the end.
            next = AnswerAddress.NextPage(page.Response, endpoint.Transport.Base);
            yield return page;
        }
    }

    /// <summary>A list of names, which is asked for in pages of <see cref="PageLength"/> unless the registry refuses that number.</summary>
    /// <param name="endpoint">The registry.</param>
    /// <param name="list">Where the list is.</param>
    /// <param name="scope">What it needs the right to.</param>
    /// <param name="doing">What is tried, as it continues "Cannot".</param>
    /// <param name="names">The names in a page.</param>
    /// <param name="isName">Whether a name is one. Others are left out, with a note: nothing could be done with them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
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

        // Some registries have a largest number of their own, and no word for what it is.
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
                endpoint.Note($"{endpoint.Host} lists '{endpoint.Shown(name ?? "null", 200)}', which is not a name; it is left out.");
            }
        }
    }
}

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

namespace Bee.Oci.Registry.Authentication;

/// <summary>A challenge of a <c>WWW-Authenticate</c> header (RFC 9110, 11.6.1).</summary>
internal sealed class Challenge
{
    private const string Header = "WWW-Authenticate";

    private Challenge(string scheme) => Scheme = scheme;

    /// <summary>The scheme as written: <c>Basic</c>, <c>Bearer</c> or another one.</summary>
    public string Scheme { get; }

    /// <summary>The parameters; of duplicates the first.</summary>
    public Dictionary<string, string> Parameters { get; } = new(StringComparer.OrdinalIgnoreCase);

    public bool IsBasic => Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase);

    public bool IsBearer => Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase);

    /// <summary>Returns the challenges of a response, in order. Malformed ones are skipped.</summary>
    public static IReadOnlyList<Challenge> Read(HttpResponseMessage answer)
    {
        var all = new List<Challenge>();
        if (answer.Headers.NonValidated.TryGetValues(Header, out var values))
        {
            foreach (string value in values)
            {
                Read(value, all);
            }
        }

        return all;
    }

    /// <summary>Parses one header. Commas separate both challenges and their parameters.</summary>
    internal static void Read(string text, List<Challenge> all)
    {
        int at = 0;
        Challenge? current = null;
        while (true)
        {
            Skip(text, ref at, " \t,");
            string name = Token(text, ref at);
            if (name.Length == 0)
            {
                if (at >= text.Length)
                {
                    return;
                }

                at++;
                continue;
            }

            int after = at;
            Skip(text, ref after, " \t");
            if (current is not null && after < text.Length && text[after] == '=')
            {
                at = after + 1;
                Skip(text, ref at, " \t");
                current.Parameters.TryAdd(name, at < text.Length && text[at] == '"' ? Quoted(text, ref at) : Token(text, ref at));
            }
            else
            {
                current = new Challenge(name);
                all.Add(current);
            }
        }
    }

    private static void Skip(string text, ref int at, string what)
    {
        while (at < text.Length && what.Contains(text[at], StringComparison.Ordinal))
        {
            at++;
        }
    }

    private static string Token(string text, ref int at)
    {
        int start = at;
        while (at < text.Length && !" \t,=\"".Contains(text[at], StringComparison.Ordinal))
        {
            at++;
        }

        return text[start..at];
    }

    private static string Quoted(string text, ref int at)
    {
        var value = new System.Text.StringBuilder();
        for (at++; at < text.Length && text[at] != '"'; at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length)
            {
                at++;
            }

            value.Append(text[at]);
        }

        at = Math.Min(at + 1, text.Length);
        return value.ToString();
    }
}

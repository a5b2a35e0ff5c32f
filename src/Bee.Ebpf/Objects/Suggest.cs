namespace Bee.Ebpf.Objects;

/// <summary>Finds similar names, for suggestions in error messages.</summary>
internal static class Suggest
{
    /// <summary>Returns the candidates that are most similar to a name, best first.</summary>
    /// <param name="name">The name that does not exist.</param>
    /// <param name="candidates">The existing names. Duplicates, and the name itself in another case, are allowed.</param>
    /// <param name="most">The maximum number of results.</param>
    /// <returns>
    /// Candidates within an edit distance of about a third of the name's length, ignoring case, and those that contain the name or begin
    /// with it; empty if no candidate is similar.
    /// </returns>
    public static IReadOnlyList<string> Nearest(string name, IEnumerable<string> candidates, int most)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(candidates);
        if (name.Length == 0 || most <= 0)
        {
            return [];
        }

        var limit = Math.Max(2, name.Length / 3);
        var found = new List<(int Score, string Candidate)>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var candidate in candidates)
        {
            if (string.IsNullOrEmpty(candidate) || !seen.Add(candidate))
            {
                continue;
            }

            var distance = Distance(name, candidate, limit);
            if (distance <= limit)
            {
                found.Add((distance, candidate));
            }
            else if (name.Length >= 3 && candidate.Contains(name, StringComparison.OrdinalIgnoreCase))
            {
                // A substring ranks below a typo, and higher the more of the whole it covers.
                found.Add((limit + candidate.Length - name.Length, candidate));
            }
        }

        return found.OrderBy(f => f.Score).ThenBy(f => f.Candidate, StringComparer.Ordinal).Take(most).Select(f => f.Candidate).ToArray();
    }

    // Optimal string alignment: inserting, removing or changing a character, or swapping two neighbours, costs 1. Stops above the limit.
    private static int Distance(string left, string right, int limit)
    {
        if (Math.Abs(left.Length - right.Length) > limit)
        {
            return limit + 1;
        }

        var before = new int[right.Length + 1];
        var previous = new int[right.Length + 1];
        var current = new int[right.Length + 1];
        for (var j = 0; j <= right.Length; j++)
        {
            previous[j] = j;
        }

        for (var i = 1; i <= left.Length; i++)
        {
            current[0] = i;
            var best = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var cost = Same(left[i - 1], right[j - 1]) ? 0 : 1;
                var value = Math.Min(Math.Min(previous[j] + 1, current[j - 1] + 1), previous[j - 1] + cost);
                if (i > 1 && j > 1 && Same(left[i - 1], right[j - 2]) && Same(left[i - 2], right[j - 1]))
                {
                    value = Math.Min(value, before[j - 2] + 1);
                }

                current[j] = value;
                best = Math.Min(best, value);
            }

            if (best > limit)
            {
                return limit + 1;
            }

            (before, previous, current) = (previous, current, before);
        }

        return previous[right.Length];
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}

namespace Bee.Ebpf.Links;

/// <summary>What a file has under the name of a place.</summary>
internal enum PlaceMatch
{
    /// <summary>There is no such file.</summary>
    NoFile,

    /// <summary>The file has no such place.</summary>
    None,

    /// <summary>The name is a pattern, and the file has a place that it fits.</summary>
    Pattern,

    /// <summary>The file has a place of exactly this name.</summary>
    Exact,
}

/// <summary>
/// The text of targets in programs and libraries: FILE:PLACE, several with commas between. Files and symbols may have commas, colons and asterisks in their
/// names (<c>main.Pair[int,string]</c>, <c>ns::f</c>, <c>pkg.(*Server).Handle</c>), so a name that exists comes first, then a pattern, then a list.
/// </summary>
internal static class BinaryTargetText
{
    // An image's author writes the text: how much of it is tried together is bounded.
    private const int MostCuts = 16;

    /// <summary>Takes a text apart.</summary>
    /// <param name="text">The text.</param>
    /// <param name="colons">How many colons are between a file and the end of a target: 1 for a function, 2 for a static probe.</param>
    /// <param name="look">Says what a file has under a name.</param>
    /// <returns>Files and places, with an empty file for a target that has another form.</returns>
    public static IEnumerable<(string File, string Place)> Split(string? text, int colons, Func<string, string, PlaceMatch> look)
    {
        text ??= "";
        if (!text.AsSpan().ContainsAny(",*?+") && text.AsSpan().Count(':') == colons)
        {
            // The usual case: nothing to choose, and no need to read the symbols of a large program.
            yield return Plain(text.Trim(), colons);
            yield break;
        }

        for (var start = 0; start < text.Length;)
        {
            var ends = Ends(text, start);
            var (found, end) = Longest(text, start, ends, PlaceMatch.Exact, look) ?? Longest(text, start, ends, PlaceMatch.Pattern, look) ?? (default, Single(text, start, ends, look));
            if (found.File is not null)
            {
                yield return found;
            }
            else if (text[start..end].Trim() is { Length: > 0 } piece)
            {
                yield return Find(piece, PlaceMatch.None, look) ?? Plain(piece, colons);
            }

            start = end + 1;
        }
    }

    // Where a target that starts here may end: at each comma, and at the end of the text.
    private static List<int> Ends(string text, int start)
    {
        var ends = new List<int>();
        for (var at = text.IndexOf(',', start); at >= 0 && ends.Count < MostCuts; at = text.IndexOf(',', at + 1))
        {
            ends.Add(at);
        }

        if (ends.Count < MostCuts)
        {
            ends.Add(text.Length);
        }

        return ends;
    }

    // The first comma behind a file that exists, or behind anything; what follows without a colon is no target by itself but the rest of a symbol's name.
    private static int Single(string text, int start, List<int> ends, Func<string, string, PlaceMatch> look)
    {
        var last = Math.Max(0, ends.FindIndex(end => Find(text[start..end].Trim(), PlaceMatch.None, look) is not null));
        while (last + 1 < ends.Count && text.AsSpan(ends[last], ends[last + 1] - ends[last]).TrimStart(", ") is { Length: > 0 } next && !next.Contains(':'))
        {
            last++;
        }

        return ends[last];
    }

    private static ((string File, string Place) Found, int End)? Longest(string text, int start, List<int> ends, PlaceMatch wanted, Func<string, string, PlaceMatch> look)
    {
        for (var i = ends.Count - 1; i >= 0; i--)
        {
            if (Find(text[start..ends[i]].Trim(), wanted, look) is { } found)
            {
                return (found, ends[i]);
            }
        }

        return null;
    }

    // The first colon behind which the file has such a place.
    private static (string File, string Place)? Find(string piece, PlaceMatch wanted, Func<string, string, PlaceMatch> look)
    {
        var tried = 0;
        for (var colon = piece.IndexOf(':'); colon >= 0 && tried < MostCuts; colon = piece.IndexOf(':', colon + 1), tried++)
        {
            if (colon > 0 && colon < piece.Length - 1 && look(piece[..colon], piece[(colon + 1)..]) == wanted)
            {
                return (piece[..colon], piece[(colon + 1)..]);
            }
        }

        return null;
    }

    // Without a file that exists only the form is left to go by: two colons together belong to a symbol.
    private static (string File, string Place) Plain(string piece, int colons)
    {
        var single = new List<int>();
        for (var i = 0; i < piece.Length; i++)
        {
            if (piece[i] == ':' && (i == 0 || piece[i - 1] != ':') && (i + 1 == piece.Length || piece[i + 1] != ':'))
            {
                single.Add(i);
            }
        }

        var colon = single.Count >= colons ? single[^colons] : -1;
        return colon > 0 && piece[(colon + 1)..] is { Length: > 0 } place && place[0] != ':' && place[^1] != ':' ? (piece[..colon], place) : ("", piece);
    }
}

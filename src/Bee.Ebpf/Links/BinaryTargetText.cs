namespace Bee.Ebpf.Links;

/// <summary>How a place matches the functions or probes of a file.</summary>
internal enum PlaceMatch
{
    /// <summary>The file does not exist.</summary>
    NoFile,

    /// <summary>Nothing in the file matches.</summary>
    None,

    /// <summary>The name is a pattern that matches.</summary>
    Pattern,

    /// <summary>A function or probe has exactly this name.</summary>
    Exact,
}

/// <summary>
/// Parses targets in programs and libraries: FILE:PLACE, separated by commas. Names of files and symbols may contain commas, colons and asterisks
/// (<c>main.Pair[int,string]</c>, <c>ns::f</c>, <c>pkg.(*Server).Handle</c>), so an existing name takes precedence over a pattern, and a pattern over a list.
/// </summary>
internal static class BinaryTargetText
{
    // The text may come from an untrusted image, so the number of combinations is limited.
    private const int MostCuts = 16;

    /// <summary>Splits a text into targets.</summary>
    /// <param name="text">The text.</param>
    /// <param name="colons">The number of colons in a target: 1 for a function, 2 for a static probe.</param>
    /// <param name="look">Looks a place up in a file.</param>
    /// <returns>Files and places. A target of another form has an empty file.</returns>
    public static IEnumerable<(string File, string Place)> Split(string? text, int colons, Func<string, string, PlaceMatch> look)
    {
        text ??= "";
        if (!text.AsSpan().ContainsAny(",*?+") && text.AsSpan().Count(':') == colons)
        {
            // The usual case needs no lookup, which would read the symbols of a large program.
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

    // Returns the possible ends of a target that starts here: each comma, and the end of the text.
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

    // Returns the first comma after an existing file, or else the first one. A part without a colon is not a target but the rest of a symbol's name.
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

    // Splits at the first colon after which the file has a matching place.
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

    // The file does not exist, so only the form counts: a double colon belongs to a symbol.
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

using System.Collections.Frozen;
using System.Text;

namespace Bee.Telemetry.Metrics;

/// <summary>
/// Names of metrics and labels by the rules of Prometheus' data model and of <c>promtool check metrics</c>
/// (prometheus/client_golang, <c>promlint/validations</c>).
/// </summary>
internal static class MetricNames
{
    // The prefixes that make a map a metric, and the names of types: neither belongs into the name of a metric.
    private static readonly FrozenSet<string> s_types = new[] { "counter", "gauge", "hist", "histogram", "summary" }.ToFrozenSet();

    // Of these promlint thinks that they are units, wherever they stand.
    private static readonly FrozenSet<string> s_abbreviations =
        new[] { "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d" }.ToFrozenSet();

    private static readonly string[] s_scales =
        ["", "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega", "mibi", "giga", "gibi", "tera", "tebi", "peta", "pebi"];

    // The suffixes that formats add; the name of another metric that ends so would be taken for a part of a histogram or counter.
    private static readonly FrozenSet<string> s_suffixes = new[] { "total", "bucket", "count", "sum", "created", "info" }.ToFrozenSet();

    private static readonly FrozenSet<string> s_unscaled = new[]
    {
        "amperes", "bytes", "celsius", "grams", "joules", "kelvin", "meters", "metres", "seconds", "volts",
        "minutes", "hours", "days", "weeks", "kelvins", "fahrenheit", "rankine", "inches", "yards", "miles", "bits", "calories", "pounds", "ounces",
    }.ToFrozenSet();

    private static readonly FrozenSet<string> s_base = new[]
    {
        "amperes", "bytes", "celsius", "grams", "joules", "kelvin", "meters", "metres", "seconds", "volts",
    }.ToFrozenSet();

    /// <summary>
    /// Returns the name of the metric of a map: <c>bee_TOOL_MAP[_UNIT]</c>. The map's prefix (<c>counter_</c>), a unit at its end (<c>_us</c>) and
    /// <c>_total</c> are left out; words that promtool refuses are changed.
    /// </summary>
    /// <param name="tool">The tool's name.</param>
    /// <param name="map">The map's name, or the name that bee.yaml gives its metric.</param>
    /// <param name="type">The type.</param>
    /// <param name="unit">The base unit of the values that are served.</param>
    public static string Family(string tool, string map, MetricType type, MetricUnit unit)
    {
        var own = Words(map).ToList();
        if (own.Count > 1 && s_types.Contains(own[0]))
        {
            own.RemoveAt(0);
        }

        if (type == MetricType.Counter && own is [.., "total"])
        {
            own.RemoveAt(own.Count - 1);
        }

        var name = unit.Name is null ? [] : Words(unit.Name);
        if (own.Count >= name.Count && name.Count > 0 && own.TakeLast(name.Count).SequenceEqual(name))
        {
            own.RemoveRange(own.Count - name.Count, name.Count);
        }
        else if (own.Count > 1 && unit.Name is not null && MetricUnits.IsKnown(own[^1]))
        {
            own.RemoveAt(own.Count - 1);
        }

        own.RemoveAll(s_types.Contains);
        if (own.Count == 0 && name.Count == 0)
        {
            own.Add("value");
        }

        List<string> words = ["bee"];
        foreach (var word in Words(tool).Concat(own))
        {
            Add(words, word);
        }

        if (name.Count == 0 && type != MetricType.Counter && s_suffixes.Contains(words[^1]))
        {
            // The plural is no suffix of a format.
            words[^1] = words[^1] == "info" ? "infos" : words[^1] + "s";
        }

        words.AddRange(name);
        return string.Join('_', words);
    }

    /// <summary>Returns BumbleBee's name of the metric of a map, <c>ebpf_solo_io_MAP</c>. Its descriptor is <see cref="MetricDescriptor.IsVerbatim"/>.</summary>
    /// <param name="map">The map's name.</param>
    public static string BumbleBee(string map) => Sanitize("ebpf_solo_io_" + map, allowsColon: false);

    /// <summary>
    /// Returns names of labels that formats accept, in the same order: snake case, letters, digits and underscores of ASCII. <c>le</c> and <c>quantile</c>, which
    /// belong to histograms and summaries, get the prefix <c>key_</c>; leading underscores, which Prometheus reserves, are left out; names that become alike get a number.
    /// </summary>
    /// <param name="names">The names, such as the names of fields.</param>
    public static IReadOnlyList<string> Labels(IEnumerable<string> names)
    {
        var seen = new HashSet<string>();
        var labels = new List<string>();
        foreach (var name in names)
        {
            var label = Label(name);
            for (var number = 2; !seen.Add(label); number++)
            {
                label = $"{Label(name)}_{number}";
            }

            labels.Add(label);
        }

        return labels;
    }

    /// <summary>Whether a name can be that of a family.</summary>
    internal static bool IsName(string name) => name.Length > 0 && Sanitize(name, allowsColon: true) == name;

    /// <summary>Returns whether formats accept these names of labels.</summary>
    internal static bool AreLabels(IReadOnlyList<string> names)
    {
        for (var i = 0; i < names.Count; i++)
        {
            var name = names[i];
            if (name is "" or "le" or "quantile" || name.StartsWith("__", StringComparison.Ordinal) || Sanitize(name, allowsColon: false) != name)
            {
                return false;
            }

            for (var k = 0; k < i; k++)
            {
                if (names[k] == name)
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Splits a name into words of lower-case letters and digits: <c>bytesSent.v4</c> into <c>bytes</c>, <c>sent</c>, <c>v4</c>.</summary>
    internal static IReadOnlyList<string> Words(string name)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var last = '\0';
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) || (char.IsAsciiLetterUpper(c) && (char.IsAsciiLetterLower(last) || char.IsAsciiDigit(last))))
            {
                Flush();
            }

            if (char.IsAsciiLetterOrDigit(c))
            {
                word.Append(char.ToLowerInvariant(c));
            }

            last = c;
        }

        Flush();
        return words;

        void Flush()
        {
            if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }
    }

    /// <summary>Replaces what a name must not have by underscores.</summary>
    internal static string Sanitize(string name, bool allowsColon)
    {
        var isClean = name.Length > 0 && !char.IsAsciiDigit(name[0]);
        foreach (var c in name)
        {
            isClean &= IsAllowed(c);
        }

        if (isClean)
        {
            return name;
        }

        var text = new StringBuilder(name.Length + 1);
        if (name.Length == 0 || char.IsAsciiDigit(name[0]))
        {
            text.Append('_');
        }

        foreach (var c in name)
        {
            text.Append(IsAllowed(c) ? c : '_');
        }

        return text.ToString();

        bool IsAllowed(char c) => char.IsAsciiLetterOrDigit(c) || c == '_' || (allowsColon && c == ':');
    }

    private static string Label(string name)
    {
        var label = string.Join('_', Words(name));
        return label switch
        {
            "" => "label",
            "le" or "quantile" => "key_" + label,
            _ when char.IsAsciiDigit(label[0]) => "_" + label,
            _ => label,
        };
    }

    private static void Add(List<string> words, string word)
    {
        if (s_abbreviations.Contains(word) || s_types.Contains(word))
        {
            // ns may be nanoseconds or a namespace, and a tool may be called counter; promlint does not see either in a longer word.
            words[^1] += word;
        }
        else
        {
            words.Add(IsScaledUnit(word) ? word.EndsWith('s') ? word[..^1] : word + "s" : word);
        }
    }

    private static bool IsScaledUnit(string word) =>
        !s_base.Contains(word) && s_scales.Any(scale => word.StartsWith(scale, StringComparison.Ordinal) && s_unscaled.Contains(word[scale.Length..]));
}

using System.Collections.Frozen;
using System.Text;

namespace Bee.Telemetry.Metrics;

/// <summary>
/// Derives names of metrics and labels that follow Prometheus' data model and pass <c>promtool check metrics</c> (prometheus/client_golang, <c>promlint/validations</c>).
/// </summary>
internal static class MetricNames
{
    // Prefixes that make a map a metric, and names of types. Metric names contain neither.
    private static readonly FrozenSet<string> s_types = new[] { "counter", "gauge", "hist", "histogram", "summary" }.ToFrozenSet();

    // promlint takes these words for units, wherever they appear in a name.
    private static readonly FrozenSet<string> s_abbreviations =
        new[] { "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d" }.ToFrozenSet();

    private static readonly string[] s_scales =
        ["", "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega", "mibi", "giga", "gibi", "tera", "tebi", "peta", "pebi"];

    // The suffixes that formats add. A scraper would take another metric with such a suffix for a part of a histogram or counter.
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
    /// Returns the metric name of a map: <c>bee_TOOL_MAP[_UNIT]</c>. Drops the map's prefix (<c>counter_</c>), its unit suffix (<c>_us</c>) and
    /// <c>_total</c>, and changes words that promtool rejects.
    /// </summary>
    /// <param name="tool">The name of the tool.</param>
    /// <param name="map">The name of the map, or the metric name in bee.yaml.</param>
    /// <param name="type">The type of the metric.</param>
    /// <param name="unit">The base unit of the served values.</param>
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
            // No format adds the plural as a suffix.
            words[^1] = words[^1] == "info" ? "infos" : words[^1] + "s";
        }

        words.AddRange(name);
        return string.Join('_', words);
    }

    /// <summary>Returns BumbleBee's metric name of a map, <c>ebpf_solo_io_MAP</c>. Its descriptor is <see cref="MetricDescriptor.IsVerbatim"/>.</summary>
    /// <param name="map">The name of the map.</param>
    public static string BumbleBee(string map) => Sanitize("ebpf_solo_io_" + map, allowsColon: false);

    /// <summary>
    /// Returns valid label names in the same order: snake case of ASCII letters, digits and underscores. <c>le</c> and <c>quantile</c>, which are reserved for
    /// histograms and summaries, get the prefix <c>key_</c>. Leading underscores, which Prometheus reserves, are dropped. Duplicates get a number.
    /// </summary>
    /// <param name="names">The names of fields.</param>
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

    /// <summary>Reports whether a text is a valid name of a family.</summary>
    internal static bool IsName(string name) => name.Length > 0 && Sanitize(name, allowsColon: true) == name;

    /// <summary>Reports whether all texts are valid label names.</summary>
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

    /// <summary>Splits a name into words of lower-case letters and digits: <c>bytesSent.v4</c> becomes <c>bytes</c>, <c>sent</c>, <c>v4</c>.</summary>
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

    /// <summary>Replaces characters that a name must not contain by underscores.</summary>
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
            // "ns" can mean nanoseconds or namespace, and a tool can be named "counter". promlint does not detect either within a longer word.
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

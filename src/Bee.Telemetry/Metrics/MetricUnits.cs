using System.Collections.Frozen;

namespace Bee.Telemetry.Metrics;

/// <summary>Maps the units that tools count in to Prometheus' base units.</summary>
internal static class MetricUnits
{
    private const double Minute = 60, Hour = 3600, Day = 86_400, Ki = 1024;

    private static readonly FrozenDictionary<string, MetricUnit> s_units = new (string Unit, string[] Names, double Factor, double Divisor)[]
    {
        ("seconds", ["ns", "nsec", "nsecs", "nanosecond", "nanoseconds"], 1, 1e9),
        ("seconds", ["us", "µs", "usec", "usecs", "microsecond", "microseconds"], 1, 1e6),
        ("seconds", ["ms", "msec", "msecs", "millisecond", "milliseconds"], 1, 1e3),
        ("seconds", ["s", "sec", "secs", "second", "seconds"], 1, 1),
        ("seconds", ["min", "minute", "minutes"], Minute, 1),
        ("seconds", ["h", "hour", "hours"], Hour, 1),
        ("seconds", ["d", "day", "days"], Day, 1),
        ("bytes", ["b", "byte", "bytes"], 1, 1),
        ("bytes", ["kb", "kilobyte", "kilobytes"], 1e3, 1),
        ("bytes", ["mb", "megabyte", "megabytes"], 1e6, 1),
        ("bytes", ["gb", "gigabyte", "gigabytes"], 1e9, 1),
        ("bytes", ["kib", "kbyte", "kbytes", "kibibyte", "kibibytes"], Ki, 1),
        ("bytes", ["mib", "mbyte", "mbytes", "mebibyte", "mebibytes"], Ki * Ki, 1),
        ("bytes", ["gib", "gbyte", "gbytes", "gibibyte", "gibibytes"], Ki * Ki * Ki, 1),
        ("bytes", ["bit", "bits"], 1, 8),
        ("ratio", ["ratio"], 1, 1),
        ("ratio", ["percent", "pct", "%"], 1, 100),
        ("celsius", ["celsius"], 1, 1),
        ("volts", ["volt", "volts"], 1, 1),
        ("amperes", ["ampere", "amperes"], 1, 1),
        ("joules", ["joule", "joules"], 1, 1),
        ("meters", ["meter", "meters"], 1, 1),
        ("grams", ["gram", "grams"], 1, 1),
    }.SelectMany(static row => row.Names.Select(name => (Name: name, Unit: new MetricUnit(row.Unit, row.Factor, row.Divisor))))
        .ToFrozenDictionary(static row => row.Name, static row => row.Unit, StringComparer.OrdinalIgnoreCase);

    /// <summary>Returns the base unit for a unit.</summary>
    /// <param name="unit">
    /// The unit in bee.yaml or of a histogram (<c>ns</c>, <c>KiB</c>, <c>percent</c>), in any case. An unknown unit (<c>packets</c>) is its own base unit.
    /// </param>
    /// <returns>The base unit; <see cref="MetricUnit.None"/> for null and for text without a letter or digit.</returns>
    public static MetricUnit Find(string? unit) =>
        unit is null ? MetricUnit.None
        : s_units.TryGetValue(unit.Trim(), out var known) ? known
        : MetricNames.Words(unit) is { Count: > 0 } words ? new(string.Join('_', words), 1, 1)
        : MetricUnit.None;

    /// <summary>Returns the base unit for the unit at the end of a map's name: seconds for <c>hist_latency_us</c>.</summary>
    /// <param name="map">The name of the map.</param>
    /// <returns>The base unit; <see cref="MetricUnit.None"/> if the name does not end with a unit. Single letters are not units.</returns>
    public static MetricUnit OfName(string map)
    {
        var words = MetricNames.Words(map);
        var last = words is [.., var name, "total"] ? name : words is [.., var end] ? end : "";
        return words.Count > 1 && last.Length > 1 && last != "min" && s_units.TryGetValue(last, out var unit) ? unit : MetricUnit.None;
    }

    /// <summary>Reports whether a word is a unit with a known base unit.</summary>
    internal static bool IsKnown(string word) => s_units.ContainsKey(word);
}

/// <summary>A base unit of Prometheus, with the conversion from the tool's unit.</summary>
/// <param name="Name">The base unit as a suffix of metric names (<c>seconds</c>); null for numbers without a unit.</param>
/// <param name="Factor">The factor that values are multiplied by.</param>
/// <param name="Divisor">The divisor that values are then divided by. Dividing by 1e9 yields the nearest decimal fraction; multiplying by 1e-9 does not.</param>
internal readonly record struct MetricUnit(string? Name, double Factor, double Divisor)
{
    /// <summary>No unit.</summary>
    public static MetricUnit None { get; } = new(null, 1, 1);

    /// <summary>Converts a value to the base unit.</summary>
    /// <param name="value">The value in the tool's unit.</param>
    /// <returns>The nearest double.</returns>
    public double ToBase(double value) => value * Factor / Divisor;
}

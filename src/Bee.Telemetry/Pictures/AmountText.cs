using System.Globalization;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Pictures;

/// <summary>Formats weights for readers.</summary>
internal static class AmountText
{
    private static readonly (double From, double Per, string Unit)[] s_times = [(1, 1, "s"), (1e-3, 1e-3, "ms"), (1e-6, 1e-6, "µs"), (0, 1e-9, "ns")];

    private static readonly (double From, double Per, string Unit)[] s_sizes =
        [((double)(1L << 40), (double)(1L << 40), "TiB"), (1 << 30, 1 << 30, "GiB"), (1 << 20, 1 << 20, "MiB"), (1 << 10, 1 << 10, "KiB"), (0, 1, "bytes")];

    /// <summary>Returns a weight with its unit, such as <c>1,234 samples</c> or <c>1.25 ms</c>, in the invariant culture.</summary>
    public static string Of(long weight, string? unit)
    {
        var known = MetricUnits.Find(unit);
        return known.Name switch
        {
            "seconds" => Scaled(known.ToBase(weight), s_times),
            "bytes" => Scaled(known.ToBase(weight), s_sizes),
            _ when unit is null or "" or "1" => weight.ToString("N0", CultureInfo.InvariantCulture),
            _ => $"{weight.ToString("N0", CultureInfo.InvariantCulture)} {(weight == 1 && unit.EndsWith('s') ? unit[..^1] : unit)}",
        };
    }

    /// <summary>Returns a part of a whole in percent, with two decimals.</summary>
    public static string Percent(long part, long whole) => (whole == 0 ? 0 : 100.0 * part / whole).ToString("0.00", CultureInfo.InvariantCulture) + " %";

    private static string Scaled(double value, (double From, double Per, string Unit)[] scales)
    {
        var (_, per, unit) = scales.First(scale => value >= scale.From);
        var number = Math.Round(value / per, 3);
        return number.ToString(number >= 100 ? "#,0.#" : number >= 10 ? "0.##" : "0.###", CultureInfo.InvariantCulture) + " " + unit;
    }
}

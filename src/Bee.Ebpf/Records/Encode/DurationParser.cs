using System.Globalization;
using System.Numerics;

namespace Bee.Ebpf;

/// <summary>Durations as people write them: a number and a unit of ns, us, ms, s, m, h or d.</summary>
internal static class DurationParser
{
    private static readonly (string Unit, decimal Nanoseconds)[] s_units =
    [
        ("ns", 1m), ("us", 1e3m), ("µs", 1e3m), ("ms", 1e6m), ("s", 1e9m), ("m", 60e9m), ("h", 3600e9m), ("d", 86400e9m),
    ];

    public static bool TryParse(string text, out BigInteger nanoseconds)
    {
        nanoseconds = default;
        text = text.Trim();
        foreach (var (unit, factor) in s_units)
        {
            if (text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)
                && decimal.TryParse(text.AsSpan(0, text.Length - unit.Length).TrimEnd(),
                    NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                && Math.Abs(number) < 1e12m)
            {
                nanoseconds = new BigInteger(Math.Round(number * factor));
                return true;
            }
        }

        return false;
    }
}

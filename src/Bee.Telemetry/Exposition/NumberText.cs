using System.Buffers.Text;
using System.Globalization;

namespace Bee.Telemetry.Exposition;

/// <summary>Writes numbers for the text formats.</summary>
internal static class NumberText
{
    // Up to here, doubles represent all integers exactly, and .NET formats an integer faster.
    private const double Exact = 1L << 53;

    /// <summary>Appends a value as the shortest decimal that parses to the same double.</summary>
    public static void Append(ExpositionBuffer buffer, double value)
    {
        if (Math.Abs(value) <= Exact && value == Math.Truncate(value))
        {
            AppendInteger(buffer, (long)value);
        }
        else if (double.IsFinite(value))
        {
            value.TryFormat(buffer.GetSpan(32), out var count, "R", CultureInfo.InvariantCulture);
            buffer.Advance(count);
        }
        else
        {
            buffer.Append(double.IsNaN(value) ? "NaN"u8 : value > 0 ? "+Inf"u8 : "-Inf"u8);
        }
    }

    /// <summary>Appends a count of observations.</summary>
    public static void Append(ExpositionBuffer buffer, ulong value)
    {
        Utf8Formatter.TryFormat(value, buffer.GetSpan(24), out var count);
        buffer.Advance(count);
    }

    /// <summary>Appends a time as seconds since 1970, with milliseconds.</summary>
    public static void Append(ExpositionBuffer buffer, DateTime moment)
    {
        var (seconds, rest) = Math.DivRem(moment.Ticks - DateTime.UnixEpoch.Ticks, TimeSpan.TicksPerSecond);
        AppendInteger(buffer, seconds);
        var milliseconds = (int)(rest / TimeSpan.TicksPerMillisecond);
        buffer.Append((byte)'.');
        buffer.Append((byte)('0' + milliseconds / 100));
        buffer.Append((byte)('0' + milliseconds / 10 % 10));
        buffer.Append((byte)('0' + milliseconds % 10));
    }

    /// <summary>
    /// Formats a bucket's bound for the label <c>le</c>. Prometheus treats the label as text, so all formats use what Prometheus writes for protobuf and
    /// OpenMetrics: Go's <c>%g</c>, with <c>.0</c> after integers. Otherwise a change of the format would start new series.
    /// </summary>
    public static string Bound(double bound)
    {
        if (bound == 0)
        {
            return "0.0";
        }

        var parts = Math.Abs(bound).ToString("R", CultureInfo.InvariantCulture).Split('E');
        var point = parts[0].IndexOf('.');
        var all = parts[0].Replace(".", "", StringComparison.Ordinal);
        var digits = all.TrimStart('0');
        // The exponent of the first digit.
        var exponent = (point < 0 ? all.Length : point) - 1 - (all.Length - digits.Length) + (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0);
        digits = digits.TrimEnd('0');
        var sign = bound < 0 ? "-" : "";
        if (exponent is < -4 or >= 6)
        {
            return $"{sign}{digits[0]}{(digits.Length > 1 ? "." : "")}{digits[1..]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        return exponent < 0 ? $"{sign}0.{new string('0', -exponent - 1)}{digits}"
            : digits.Length > exponent + 1 ? $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}"
            : $"{sign}{digits.PadRight(exponent + 1, '0')}.0";
    }

    private static void AppendInteger(ExpositionBuffer buffer, long value)
    {
        Utf8Formatter.TryFormat(value, buffer.GetSpan(24), out var count);
        buffer.Advance(count);
    }
}

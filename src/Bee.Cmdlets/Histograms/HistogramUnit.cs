using System.Globalization;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Cmdlets;

/// <summary>How numbers of a unit are shown.</summary>
internal sealed class HistogramUnit
{
    private readonly double _scale;
    private readonly Func<ulong, string>? _show;

    private HistogramUnit(double scale, Func<ulong, string>? show, string? note)
    {
        _scale = scale;
        _show = show;
        Note = note;
    }

    /// <summary>The unit to name beside the numbers; null where each number has it.</summary>
    public string? Note { get; }

    /// <summary>Knows the units of time and of bytes; of others it names the unit.</summary>
    public static HistogramUnit Of(string? unit) => unit?.Trim().ToLowerInvariant() switch
    {
        "ns" or "nanoseconds" => new(1, FieldText.Duration, null),
        "us" or "\u00b5s" or "\u03bcs" or "microseconds" => new(1e3, FieldText.Duration, null),
        "ms" or "milliseconds" => new(1e6, FieldText.Duration, null),
        "s" or "seconds" => new(1e9, FieldText.Duration, null),
        "b" or "byte" or "bytes" => new(1, FieldText.ByteSize, null),
        "kib" or "kbytes" => new(1024, FieldText.ByteSize, null),
        "mib" => new(1024 * 1024, FieldText.ByteSize, null),
        null or "" or "1" => new(1, null, null),
        _ => new(1, null, TerminalText.Show(unit)),
    };

    /// <summary>A limit.</summary>
    public string Show(double value) => Show(value, _show == FieldText.ByteSize ? ByteLimit : _show);

    /// <summary>An average, which of small numbers has digits behind the point.</summary>
    public string ShowExactly(double value) => _show is null ? value.ToString("0.##", CultureInfo.InvariantCulture) : Show(value, _show);

    private string Show(double value, Func<ulong, string>? show)
    {
        double scaled = value * _scale;
        if (show is null)
        {
            return Plain(value);
        }

        // Beyond 64 bits the number in full is better than none.
        return Math.Abs(scaled) < ulong.MaxValue ? (value < 0 ? "-" : string.Empty) + show((ulong)Math.Round(Math.Abs(scaled))) : Plain(value);
    }

    // The author's limit is a number of bytes, and 2000 of them are no 2KiB.
    private static string ByteLimit(ulong bytes)
    {
        ulong unit = 1;
        while (unit < 1ul << 60 && bytes / 1024 >= unit)
        {
            unit *= 1024;
        }

        return bytes % unit * 10 % unit == 0 ? FieldText.ByteSize(bytes) : string.Create(CultureInfo.InvariantCulture, $"{bytes}B");
    }

    // Powers of two from 1 Ki on are easier to read with their prefix.
    private static string Plain(double value)
    {
        string[] prefixes = ["", "K", "M", "G", "T", "P", "E"];
        int prefix = 0;
        double rest = value;
        while (Math.Abs(rest) >= 1024 && rest % 1024 == 0 && prefix < prefixes.Length - 1)
        {
            rest /= 1024;
            prefix++;
        }

        return rest.ToString("0.###", CultureInfo.InvariantCulture) + prefixes[prefix];
    }
}

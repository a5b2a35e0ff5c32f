using System.Globalization;
using System.Management.Automation;

namespace Bee.Cmdlets.Base;

/// <summary>
/// Lets a TimeSpan parameter take a number of seconds, or text such as 200ms, 1.5s, 5m, 1h. PowerShell alone reads a bare number as ticks.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class DurationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = Convert(inputData is PSObject wrapped ? wrapped.BaseObject : inputData);
        return value is TimeSpan span && span < TimeSpan.Zero
            ? throw new ArgumentTransformationMetadataException($"{span.TotalSeconds.ToString(CultureInfo.InvariantCulture)} seconds are less than nothing.")
            : value;
    }

    private static object? Convert(object? value)
        => value switch
        {
            null or TimeSpan => value,
            byte or sbyte or short or ushort or int or uint or long or ulong or float or double or decimal
                => Seconds(System.Convert.ToDouble(value, CultureInfo.InvariantCulture)),
            string text => Parse(text),
            _ => value,
        };

    private static object Parse(string text)
    {
        text = text.Trim();
        (string unit, double seconds)[] units = [("ms", 0.001), ("us", 0.000001), ("s", 1), ("m", 60), ("h", 3600)];
        foreach ((string unit, double seconds) in units)
        {
            if (text.EndsWith(unit, StringComparison.OrdinalIgnoreCase) && TryNumber(text[..^unit.Length], out double count))
            {
                return Seconds(count * seconds);
            }
        }

        return TryNumber(text, out double plain) ? Seconds(plain)
            : TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan span) ? span
            : throw new ArgumentTransformationMetadataException(
                $"'{text}' is no duration. Give seconds (5, 0.5), a number with a unit (200ms, 1.5s, 5m, 1h) or a TimeSpan (00:00:05).");
    }

    private static bool TryNumber(string text, out double number)
        => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);

    private static TimeSpan Seconds(double seconds)
    {
        // TimeSpan.FromSeconds throws where the number does not fit; a duration of centuries is as good as none.
        double limit = TimeSpan.MaxValue.TotalSeconds / 2;
        return TimeSpan.FromSeconds(Math.Clamp(seconds, -limit, limit));
    }
}

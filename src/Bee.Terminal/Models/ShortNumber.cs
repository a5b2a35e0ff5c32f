using System.Globalization;

namespace Bee.Terminal.Models;

/// <summary>Numbers in few characters.</summary>
public static class ShortNumber
{
    private static readonly string[] s_units = ["", "k", "M", "G", "T", "P", "E"];

    /// <summary>Returns a number with three digits and a unit, such as 12.3k.</summary>
    /// <param name="value">The number.</param>
    public static string Of(double value)
    {
        double rest = Math.Abs(value);
        int unit = 0;
        while (rest >= 999.5 && unit < s_units.Length - 1)
        {
            rest /= 1000;
            unit++;
        }

        string format = rest >= 99.95 || (unit == 0 && rest == Math.Floor(rest)) ? "0" : rest >= 9.995 ? "0.#" : "0.##";
        return (value < 0 ? "-" : string.Empty) + rest.ToString(format, CultureInfo.InvariantCulture) + s_units[unit];
    }
}

using System.Globalization;
using System.Numerics;

namespace Bee.Ebpf;

/// <summary>Reads whole numbers out of numbers, text and enums.</summary>
internal static class IntegerParser
{
    public static BigInteger Parse(object? value, string wanted)
    {
        switch (value)
        {
            case BigInteger big:
                return big;
            case UInt128 wide:
                return wide;
            case Int128 wide:
                return wide;
            case bool truth:
                return truth ? 1 : 0;
            case byte or sbyte or short or ushort or int or uint or long or Enum:
                return value is Enum { } e && Enum.GetUnderlyingType(e.GetType()) == typeof(ulong)
                    ? Convert.ToUInt64(value, CultureInfo.InvariantCulture)
                    : Convert.ToInt64(value, CultureInfo.InvariantCulture);
            case ulong number:
                return number;
            case nint number:
                return number;
            case nuint number:
                return number;
            case decimal number when decimal.Truncate(number) == number:
                return new BigInteger(number);
            case float or double when Convert.ToDouble(value, CultureInfo.InvariantCulture) is var number && double.IsFinite(number) && Math.Truncate(number) == number:
                return new BigInteger(number);
            case string text when TryParse(text.Trim(), out var parsed):
                return parsed;
            default:
                throw EncodeException.Wrong(value, wanted);
        }
    }

    public static bool Boolean(object? value) => value switch
    {
        bool truth => truth,
        string text when bool.TryParse(text, out var truth) => truth,
        _ => Parse(value, "true or false") is var number && (number.IsZero || number.IsOne)
            ? number.IsOne
            : throw EncodeException.Wrong(value, "true or false"),
    };

    private static bool TryParse(string text, out BigInteger value)
    {
        var negative = text.StartsWith('-');
        var digits = negative || text.StartsWith('+') ? text[1..] : text;
        bool parsed;
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            // A zero in front: without it a top digit of 8 or more would be read as a sign.
            parsed = BigInteger.TryParse("0" + digits[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value) && digits.Length > 2;
        }
        else
        {
            parsed = BigInteger.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        }

        value = negative ? -value : value;
        return parsed;
    }
}

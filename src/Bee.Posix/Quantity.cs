using System.Globalization;

namespace Bee.Posix;

/// <summary>Formats numbers with nouns for messages: <c>1 entry</c>, <c>2 entries</c>.</summary>
internal static class Quantity
{
    /// <summary>Returns a number with the singular or plural of a noun.</summary>
    /// <param name="number">The number.</param>
    /// <param name="one">The singular: <c>program</c>.</param>
    /// <param name="many">The plural; null for <paramref name="one"/> with an <c>s</c>, or <c>es</c> after an <c>s</c> or <c>x</c>.</param>
    public static string Of(long number, string one, string? many = null) => number < 0 ? Text(number, one, many) : Of((ulong)number, one, many);

    /// <inheritdoc cref="Of(long, string, string?)"/>
    public static string Of(ulong number, string one, string? many = null) => number == 1 ? $"1 {one}" : Text(number, one, many);

    private static string Text(IFormattable number, string one, string? many)
        => $"{number.ToString(null, CultureInfo.InvariantCulture)} {many ?? (one[^1] is 's' or 'x' ? $"{one}es" : $"{one}s")}";
}

using System.Globalization;

namespace Bee.Posix;

/// <summary>Writes numbers of things in messages: <c>1 entry</c>, <c>2 entries</c>.</summary>
internal static class Quantity
{
    /// <summary>Returns a number and the noun in its form for that number.</summary>
    /// <param name="number">How many.</param>
    /// <param name="one">The noun for one: <c>program</c>.</param>
    /// <param name="many">The noun for any other number; by default <paramref name="one"/> with an <c>s</c>, or <c>es</c> behind an <c>s</c> or <c>x</c>.</param>
    public static string Of(long number, string one, string? many = null) => number < 0 ? Text(number, one, many) : Of((ulong)number, one, many);

    /// <inheritdoc cref="Of(long, string, string?)"/>
    public static string Of(ulong number, string one, string? many = null) => number == 1 ? $"1 {one}" : Text(number, one, many);

    private static string Text(IFormattable number, string one, string? many)
        => $"{number.ToString(null, CultureInfo.InvariantCulture)} {many ?? (one[^1] is 's' or 'x' ? $"{one}es" : $"{one}s")}";
}

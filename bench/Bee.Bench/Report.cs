using System.Globalization;

namespace Bee.Bench;

/// <summary>A row of the table: the measurement, its floor, the result, and whether the target is met.</summary>
internal sealed record Row(string Name, string Floor, string Bee, string Result, string Target, bool? Holds)
{
    /// <summary>True for a ratio that is too good to be believed: the two sides probably did different work.</summary>
    public bool IsSuspect { get; init; }
}

internal static class Report
{
    public const int Runs = 5;

    /// <summary>The number of rounds before the measured ones, in which the runtime recompiles hot methods.</summary>
    public const int WarmUps = 15;

    // Bee cannot read a ring much faster than C.
    private const double MostBelieved = 1.2;

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    /// <summary>Compares two rates. The target is a fraction of the floor.</summary>
    public static Row Rates(string name, double floor, double bee, double target, string note = "") => new(
        name, Millions(floor), Millions(bee), Number(bee / floor), $">= {Number(target)}{note}", bee / floor >= target)
    {
        IsSuspect = bee / floor > MostBelieved,
    };

    public static string Millions(double perSecond) => (perSecond / 1e6).ToString(perSecond < 1e7 ? "0.00" : "0.0", CultureInfo.InvariantCulture) + " M/s";

    public static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    public static void Heading() => Line("measurement", "floor", "Bee", "result", "target", "holds");

    public static void Print(Row row) => Line(row.Name, row.Floor, row.Bee, row.Result, row.Target, row.Holds switch { _ when row.IsSuspect => "CHECK", true => "yes", false => "NO", null => "-" });

    private static void Line(string name, string floor, string bee, string result, string target, string holds) =>
        Console.WriteLine($"{name,-36} {floor,10} {bee,10} {result,11}  {target,-16} {holds}");
}

namespace Bee.Posix.Tests;

public sealed class QuantityTests
{
    [Theory]
    [InlineData(0, "program", null, "0 programs")]
    [InlineData(1, "program", null, "1 program")]
    [InlineData(1200, "program", null, "1200 programs")]
    [InlineData(-1, "program", null, "-1 programs")]
    [InlineData(2, "index", null, "2 indexes")]
    [InlineData(1, "entry", "entries", "1 entry")]
    [InlineData(2, "entry", "entries", "2 entries")]
    public void Of_number_returns_singular_or_plural(long number, string one, string? many, string expected) => Assert.Equal(expected, Quantity.Of(number, one, many));
}

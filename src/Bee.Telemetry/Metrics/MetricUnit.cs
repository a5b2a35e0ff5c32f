namespace Bee.Telemetry.Metrics;

/// <summary>A base unit of Prometheus, and how values in the tool's unit become values in it.</summary>
/// <param name="Name">The base unit as metric names end with it (<c>seconds</c>); null for numbers without unit.</param>
/// <param name="Factor">What values are multiplied by.</param>
/// <param name="Divisor">What values are divided by then. A division by 1e9 gives the decimal fraction that a multiplication by 1e-9 misses.</param>
public readonly record struct MetricUnit(string? Name, double Factor, double Divisor)
{
    /// <summary>Numbers without unit.</summary>
    public static MetricUnit None { get; } = new(null, 1, 1);

    /// <summary>Converts a value to the base unit.</summary>
    /// <param name="value">The value in the tool's unit.</param>
    /// <returns>The nearest double.</returns>
    public double ToBase(double value) => value * Factor / Divisor;
}

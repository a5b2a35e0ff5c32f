using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Tests.Metrics;

public class MetricHistogramTests
{
    [Fact]
    public void Count_adds_the_buckets() => Assert.Equal(6ul, new MetricHistogram([1, 3], [1, 2, 3], null).Count);
}

using System.Reflection;
using System.Runtime.InteropServices;
using Bee.Telemetry.Metrics;

namespace Bee.Cmdlets;

/// <summary>The metric that says which Bee this is.</summary>
internal sealed class BuildInfo : IMetricSource
{
    public static BuildInfo Source { get; } = new();

    public static MetricFamily Family { get; } = new(
        new MetricDescriptor("bee_build", MetricType.Info, null, "The version of Bee, and what it runs on.", ["version", "runtime", "kernel"]),
        [new MetricSeries([Version, RuntimeInformation.FrameworkDescription, Environment.OSVersion.Version.ToString()], 1)]);

    public bool IsReady => true;

    public IReadOnlyList<MetricFamily> Collect(CancellationToken cancellationToken) => [Family];

    private static string Version =>
        typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";
}

using System.Text;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Exposition;

/// <summary>The names of a family and of its samples in a format, as UTF-8.</summary>
internal sealed class SampleNames
{
    /// <summary>Makes the names.</summary>
    /// <param name="descriptor">The metric.</param>
    /// <param name="isOpenMetrics">Whether the family is named without the suffix of its samples.</param>
    public SampleNames(MetricDescriptor descriptor, bool isOpenMetrics)
    {
        var value = Sample(descriptor);
        Value = Encoding.UTF8.GetBytes(value);
        Family = Encoding.UTF8.GetBytes(isOpenMetrics ? descriptor.Name : value);
        Bucket = Encoding.UTF8.GetBytes(descriptor.Name + "_bucket");
        Sum = Encoding.UTF8.GetBytes(descriptor.Name + "_sum");
        Count = Encoding.UTF8.GetBytes(descriptor.Name + "_count");
        Created = Encoding.UTF8.GetBytes(descriptor.Name + "_created");
    }

    /// <summary>The family, as its type and help text name it.</summary>
    public byte[] Family { get; }

    /// <summary>The sample of a counter, gauge or info.</summary>
    public byte[] Value { get; }

    /// <summary>The buckets of a histogram.</summary>
    public byte[] Bucket { get; }

    /// <summary>The sum of a histogram.</summary>
    public byte[] Sum { get; }

    /// <summary>The number of observations of a histogram.</summary>
    public byte[] Count { get; }

    /// <summary>When a count began.</summary>
    public byte[] Created { get; }

    /// <summary>Returns the name of a family's samples; of a histogram's family it is the family's.</summary>
    public static string Sample(MetricDescriptor descriptor) => descriptor switch
    {
        { IsVerbatim: true } => descriptor.Name,
        { Type: MetricType.Counter } => descriptor.Name + "_total",
        { Type: MetricType.Info } => descriptor.Name + "_info",
        _ => descriptor.Name,
    };

    /// <summary>Returns the help text. A metric without one is a fault to promtool.</summary>
    public static string Help(MetricDescriptor descriptor) =>
        string.IsNullOrWhiteSpace(descriptor.Help) ? "The tool's author gives no description." : descriptor.Help;

    /// <summary>Whether the unit can be served: the name has to end with it.</summary>
    public static bool HasUnit(MetricDescriptor descriptor) =>
        descriptor is { Unit.Length: > 0, Type: not MetricType.Info } && descriptor.Name.EndsWith("_" + descriptor.Unit, StringComparison.Ordinal);
}

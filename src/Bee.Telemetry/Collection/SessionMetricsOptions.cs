namespace Bee.Telemetry.Collection;

/// <summary>How the metrics of a session are named and limited.</summary>
public sealed record SessionMetricsOptions
{
    /// <summary>How many series a metric has by default before further keys are added up in one series.</summary>
    public const int DefaultSeriesLimit = 2000;

    /// <summary>The tool's name, a part of the metrics' names.</summary>
    public required string Tool { get; init; }

    /// <summary>The value of the label <c>session</c>; null leaves the label out.</summary>
    public string? Session { get; init; }

    /// <summary>When the programs were attached, in UTC: the counts began then.</summary>
    public DateTime Started { get; init; } = DateTime.UtcNow;

    /// <summary>How metrics are named.</summary>
    public MetricNaming Naming { get; init; }

    /// <summary>How many series a metric has at most, 1 or more. Further keys go into one more series.</summary>
    public int SeriesLimit { get; init; } = DefaultSeriesLimit;

    /// <summary>How long the last value of a deleted key is served.</summary>
    public TimeSpan KeepDeleted { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The names of labels that are left out, as the fields or the labels are named; series that differ only in them are added up.</summary>
    public IReadOnlyList<string> LeaveOut { get; init; } = [];

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

namespace Bee.Telemetry.Metrics;

/// <summary>Something that metrics can be read from: a session, or Bee itself.</summary>
public interface IMetricSource
{
    /// <summary>Reads the metrics as they stand now. Safe from any thread, and from several at once.</summary>
    /// <param name="cancellationToken">Ends a read that takes too long.</param>
    /// <returns>The metrics. Families of the same name from several sources have one descriptor and are served as one.</returns>
    IReadOnlyList<MetricFamily> Collect(CancellationToken cancellationToken);

    /// <summary>Whether what is measured is attached and being read: what <c>/readyz</c> answers.</summary>
    bool IsReady { get; }

    /// <summary>Why <see cref="IsReady"/> is false, as one sentence that names the tool; null if it is true or the source knows no reason.</summary>
    string? NotReadyReason => null;
}

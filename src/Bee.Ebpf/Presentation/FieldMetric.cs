namespace Bee.Ebpf;

/// <summary>What a field is in a metric.</summary>
public enum FieldMetric
{
    /// <summary>A label.</summary>
    Key,
    /// <summary>A count: of an event what it adds.</summary>
    Counter,
    /// <summary>A level: of an event the latest.</summary>
    Gauge,
}

namespace Bee.Ebpf;

/// <summary>Reads the histograms that a map's slots make.</summary>
public static class MapHistograms
{
    /// <summary>Returns the histograms of a map's slots as they are now, whatever the map's name.</summary>
    /// <param name="map">A map whose values are slots.</param>
    /// <exception cref="NotSupportedException">The map holds no slots; the message says why.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed of.</exception>
    /// <exception cref="BpfLoadException">The kernel refuses to read the map.</exception>
    public static IReadOnlyList<Histogram> Histograms(this BpfMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        string? whyNot = "its events are counted while they are read";
        if (map.Description.IsEventStream || HistogramType.For(map.Description, out whyNot) is not { } type)
        {
            throw new NotSupportedException($"Map '{map.Name}' holds no slots of histograms: {whyNot}.");
        }

        return new HistogramScan(new RecordStream(map.Name, map.Description, null, null, type), map.Scan(), all: false).Read();
    }
}

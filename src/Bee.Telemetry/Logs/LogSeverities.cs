using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;

namespace Bee.Telemetry.Logs;

/// <summary>Finds the severity of an event in its map's metadata.</summary>
internal static class LogSeverities
{
    /// <summary>Returns the severity of the most severe value, else that of the map, else informational.</summary>
    public static LogSeverity Of(EventShape type, BpfEvent item, MapMetadata metadata) => metadata.Severity ?? LogSeverity.Informational;
}

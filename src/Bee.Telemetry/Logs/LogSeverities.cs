using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;

namespace Bee.Telemetry.Logs;

/// <summary>Finds the severity of an event in its map's metadata.</summary>
internal static class LogSeverities
{
    /// <summary>Returns the most severe severity that the metadata assigns to the event's values, or else the map's severity, or else informational.</summary>
    public static LogSeverity Of(EventShape type, BpfEvent item, MapMetadata metadata)
    {
        LogSeverity? found = null;
        foreach (KeyValuePair<string, FieldMetadata> said in metadata.Fields)
        {
            if (said.Value.Severities.Count > 0
                && Array.Find(type.Fields, field => field.MetadataName == said.Key)?.Attribute(item) is { } value
                && said.Value.Severities.TryGetValue(FlatAttributes.Text(value), out LogSeverity severity)
                && !(severity >= found))
            {
                found = severity;
            }
        }

        return found ?? metadata.Severity ?? LogSeverity.Informational;
    }
}

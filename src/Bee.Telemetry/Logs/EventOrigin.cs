using Bee.Ebpf.Metadata;

namespace Bee.Telemetry.Logs;

/// <summary>The origin of events of one type.</summary>
/// <param name="Tool">The name of the tool; null if unknown.</param>
/// <param name="Metadata">The metadata of the map: severities and units.</param>
internal sealed record EventOrigin(string? Tool, MapMetadata Metadata)
{
    /// <summary>An unknown origin.</summary>
    public static EventOrigin Unknown { get; } = new(null, MapMetadata.None);
}

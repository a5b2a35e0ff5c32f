using Bee.Ebpf.Metadata;

namespace Bee.Telemetry.Logs;

/// <summary>Where events of one type come from.</summary>
/// <param name="Tool">The name of the tool; null where it is not known.</param>
/// <param name="Metadata">What the author says about the map: severities and units.</param>
internal sealed record EventOrigin(string? Tool, MapMetadata Metadata)
{
    /// <summary>Nothing is known.</summary>
    public static EventOrigin Unknown { get; } = new(null, MapMetadata.None);
}

namespace Bee.Telemetry.Collection;

/// <summary>What is known of a session beside its maps and streams, at one moment.</summary>
/// <param name="Session">The session's name.</param>
/// <param name="Tool">The tool's name.</param>
public sealed record SessionStatus(string Session, string Tool)
{
    /// <summary>Where the tool came from: an image's reference, or a file's name.</summary>
    public string Image { get; init; } = "";

    /// <summary>The image's digest; empty for a tool from a file.</summary>
    public string Digest { get; init; } = "";

    /// <summary>What was decided about the image's signature: <c>verified</c>, <c>allowed</c> (by a policy, without a signature) or <c>unchecked</c>.</summary>
    public string Signature { get; init; } = "unchecked";

    /// <summary>Whether the programs are attached and their events are read.</summary>
    public bool IsRunning { get; init; }

    /// <summary>How many events a full background buffer dropped; null if the session has no such buffer.</summary>
    public long? Dropped { get; init; }
}

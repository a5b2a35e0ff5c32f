namespace Bee.Cmdlets;

/// <summary>What was decided about the signature of an image before it ran.</summary>
internal enum SignatureVerdict
{
    /// <summary>Neither a policy nor the caller asked for one.</summary>
    Unchecked,
    /// <summary>A policy lets the image pass without a signature.</summary>
    Allowed,
    /// <summary>A signature was verified.</summary>
    Verified,
}

/// <summary>A tool's name and where it came from.</summary>
/// <param name="Name">The tool's short name.</param>
/// <param name="Origin">The image's reference, or the file's path; empty if it is not known.</param>
internal sealed record ToolOrigin(string Name, string Origin)
{
    /// <summary>The image's digest; null for a file.</summary>
    public string? Digest { get; init; }

    /// <summary>What was decided about the image's signature.</summary>
    public SignatureVerdict Signature { get; init; }
}

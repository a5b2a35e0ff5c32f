namespace Bee.Toolchain.Deployments;

/// <summary>A tool to run on every node or on this machine, and its needs.</summary>
internal sealed record DeploymentRequest
{
    /// <summary>The name of the workload: lower-case letters, digits and dashes, at most 63.</summary>
    public required string Name { get; init; }

    /// <summary>The image with its digest: <c>ghcr.io/me/opensnoop-container@sha256:…</c>.</summary>
    public required string Image { get; init; }

    /// <summary>The description of the tool; null if it has none.</summary>
    public string? Description { get; init; }

    /// <summary>The version, such as a tag; null for none.</summary>
    public string? Version { get; init; }

    /// <summary>The processor architecture of the image, in Go's naming; null if the image supports several.</summary>
    public string? Architecture { get; init; }

    /// <summary>Arguments for the entry point.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The names of the capabilities: <c>CAP_BPF</c>.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>The folders of the host that the tool needs.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>Whether the tool attaches to the host's network interfaces.</summary>
    public bool NeedsHostNetwork { get; init; }

    /// <summary>The address for metrics, health and readiness.</summary>
    public required string MetricListen { get; init; }

    /// <summary>The port of <see cref="MetricListen"/>.</summary>
    public int MetricPort => int.Parse(MetricListen.AsSpan(MetricListen.LastIndexOf(':') + 1), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Returns a valid workload name that is similar to a text.</summary>
    public static string NameOf(string text)
    {
        string name = new([.. text.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]);
        name = name.Trim('-');
        return name.Length > 63 ? name[..63].TrimEnd('-') : name;
    }

    /// <summary>Returns whether Kubernetes accepts a name for a workload (an RFC 1123 label).</summary>
    public static bool IsName(string text) => text.Length > 0 && text == NameOf(text) && !text.StartsWith('-');
}
